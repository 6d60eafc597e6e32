/* Comfort only: every page works without this file. */
"use strict";
const one = (query, root = document) => root.querySelector(query);
const all = (query, root = document) => [...root.querySelectorAll(query)];
const on = (target, type, act, early = false) => target.addEventListener(type, act, early);
const set = (element, attributes) => Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
const make = (name, attributes, text = "") => {
  const element = document.createElement(name);
  element.textContent = text;
  set(element, attributes);
  return element;
};

/* data-confirm on a link or a button: ask first, in a dialog. */
function confirmFirst() {
  const dialog = one("#ask");
  on(document, "click", (event) => {
    const asker = event.target.closest("[data-confirm]");
    if (!asker || asker.dataset.confirmed) return;
    event.preventDefault();
    const go = () => {
      asker.dataset.confirmed = "1";
      asker.click();
      delete asker.dataset.confirmed;
    };
    if (!dialog.showModal) return confirm(asker.dataset.confirm) && go();
    one("p", dialog).textContent = asker.dataset.confirm;
    one("ul", dialog)?.remove();
    if (asker.closest("[data-bulk]")) one("p", dialog).after(tickedRows());
    dialog.returnValue = "";
    dialog.showModal();
    dialog.onclose = () => dialog.returnValue === "ok" && go();
  });
}

/* What is ticked, each with its number and its amounts. */
function tickedRows() {
  const list = make("ul", {});
  for (const tick of all("input[name=rowid]:checked")) {
    const line = make("li", {}, tick.getAttribute("aria-label"));
    const amounts = all("td.n", tick.closest("tr")).map((each) => each.textContent.trim());
    line.append(make("span", {}, amounts.join("  ")));
    list.append(line);
  }
  return list;
}

/* Nothing is sent twice. */
function sendOnce() {
  on(document, "submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    const files = all("[type=file]", form).some((input) => input.files.length);
    if (form.ariaBusy || (files && !form.reportValidity())) return event.preventDefault();
    form.ariaBusy = "true";
    setTimeout(() => buttons(form, true));
  });
  const buttons = (form, off) => all("button:not([type=button])", form).forEach((button) => (button.disabled = off));
  on(window, "pageshow", () =>
    all("form[aria-busy]").forEach((form) => {
      form.ariaBusy = null;
      buttons(form, false);
    }));
}

/* data-warn: a changed form is not left without a question. */
function warnOnLeaving() {
  const form = one("form[data-warn]");
  if (!form) return;
  let changed = false;
  on(form, "input", () => (changed = true));
  on(form, "submit", (event) => (changed = event.defaultPrevented && changed));
  on(window, "beforeunload", (event) => changed && event.preventDefault());
}

/* data-lines: lines of a child table come and go. */
function lines() {
  for (const box of all("[data-lines]")) {
    const body = one("tbody", box);
    const blank = one("template", box);
    const add = one("[data-add]", box);
    const prefix = box.dataset.lines + "-";
    const number = (name) => (name.startsWith(prefix) ? name.slice(prefix.length).split("-")[0] : "");
    const changed = () => box.dispatchEvent(new Event("input", { bubbles: true }));
    on(body, "click", (event) => {
      const button = event.target.closest("[data-remove]");
      if (!button) return;
      button.closest("[data-line]").remove();
      add?.focus();
      changed();
    });
    if (!blank) continue;
    /* The blank lines are for browsers without this script; one is enough to begin with. */
    const plain = new Map(all("[name]", blank.content).map((input) => [input.name.replace(/^.*?-NEW-/, ""), input.value]));
    const untouched = (line) => !one(".error", line) && all("[name]", line).every((input) =>
      input.value === (plain.get(input.name.replace(/^.*?-\d+-/, "")) ?? ""));
    const spare = all("[data-line]", body).filter(untouched);
    const some = spare.length < all("[data-line]", body).length;
    spare.slice(some ? 0 : 1).forEach((line) => line.remove());
    on(add, "click", () => {
      const numbers = all("[name]", body).map((input) => Number(number(input.name))).filter(Number.isInteger);
      const old = prefix + number(one(`[name^="${prefix}"]`, blank.content).name) + "-";
      const fresh = prefix + (Math.max(-1, ...numbers) + 1) + "-";
      const line = blank.content.cloneNode(true);
      for (const element of all("*", line))
        for (const attribute of element.attributes)
          if (attribute.value.includes(old)) attribute.value = attribute.value.replaceAll(old, fresh);
      all("[data-lookup]", line).forEach(lookup);
      body.append(line);
      one("input:not([type=hidden]), select, textarea", body.lastElementChild)?.focus();
      changed();
    });
  }
}

/* data-bulk: ticked rows are sent with the version that was shown. */
function bulk() {
  const form = one("form[data-bulk]");
  if (!form) return;
  const ticks = all("input[name=rowid]");
  const every = one("[data-all]");
  const show = () => {
    const count = ticks.filter((tick) => tick.checked).length;
    one("[data-ticked]", form).textContent = count;
    form.hidden = !count;
    form.classList.add("on");
    every.checked = count === ticks.length;
    every.indeterminate = count > 0 && !every.checked;
  };
  on(document, "change", (event) => {
    if (event.target === every) ticks.forEach((tick) => (tick.checked = every.checked));
    show();
  });
  on(form, "submit", () => {
    all("[name=version]", form).forEach((input) => input.remove());
    for (const tick of ticks.filter((each) => each.checked))
      form.append(make("input", { type: "hidden", name: "version", value: tick.dataset.v }));
  });
  on(window, "pageshow", show);
  show();
}

/* data-lookup: a text input that finds records, the id beside it. */
function lookup(input) {
  const hidden = one("input[type=hidden]", input.parentNode);
  const label = input.labels[0]?.textContent || input.name;
  const list = make("ul", { role: "listbox", id: input.id + "-list", hidden: "", "aria-label": label });
  set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": false, "aria-controls": list.id });
  input.after(list);
  let timer, at = -1;
  const close = () => {
    list.hidden = true;
    at = -1;
    set(input, { "aria-expanded": false, "aria-activedescendant": "" });
  };
  const options = () => all("[data-id]", list);
  const choose = (option) => {
    hidden.value = option.dataset.id;
    input.value = option.textContent;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const mark = (index) => {
    const found = options();
    at = (index + found.length) % found.length;
    found.forEach((option, place) => option.setAttribute("aria-selected", place === at));
    found[at].scrollIntoView({ block: "nearest" });
    set(input, { "aria-activedescendant": found[at].id });
  };
  const ask = async () => {
    const query = input.value;
    const answer = await fetch(input.dataset.lookup + "&query=" + encodeURIComponent(query.trim())).catch(() => null);
    if (!answer?.ok || query !== input.value || document.activeElement !== input) return;
    const found = await answer.json();
    list.replaceChildren(...found.map(([id, label], place) =>
      make("li", { role: "option", id: list.id + place, "data-id": id }, label)));
    if (!found.length) list.append(make("li", { role: "option", "aria-disabled": true }, document.body.dataset.none));
    list.hidden = false;
    at = -1;
    set(input, { "aria-expanded": true });
  };
  const later = (event) => {
    hidden.value = "";
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, 200);
  };
  on(input, "input", later);
  on(input, "compositionend", later);
  on(input, "blur", close);
  on(input, "keydown", (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.hidden) ask();
    else if (step && options().length) mark(at < 0 && step < 0 ? -1 : at + step);
    else if (event.key === "Enter" && at >= 0) choose(options()[at]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
  });
  on(list, "pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[data-id]");
    if (option) choose(option);
  });
}

/* data-copies on a reference: what the chosen record brings stands in the fields nobody has typed into. */
function copies() {
  on(document, "change", async ({ target }) => {
    if (!target.dataset.copies) return;
    const chosen = () => (target.dataset.lookup ? one("input[type=hidden]", target.parentNode) : target).value;
    const id = chosen();
    const answer = id && (await fetch(target.dataset.copies + "&id=" + encodeURIComponent(id)).catch(() => null));
    if (!answer?.ok || chosen() !== id) return;
    for (const [name, [value, label]] of Object.entries(await answer.json())) {
      const input = one(`[name="${name}"]`, target.form);
      const shown = one(`[name="${name}-text"]`, target.form);
      if (!input || (input.value && input.value !== input.dataset.copied) || (shown?.value && !input.value)) continue;
      input.value = input.dataset.copied = value;
      if (shown) shown.value = label;
    }
  });
}

/* Names of the chosen files below a file input that takes several. */
function chosenFiles() {
  on(document, "change", ({ target }) => {
    if (!target.matches("[type=file][multiple]")) return;
    target.parentNode.querySelector(".chosen")?.remove();
    target.after(make("p", { class: "help chosen", role: "status" }, [...target.files].map((file) => file.name).join("、")));
  });
}

/* Keys, never while somebody types or composes. */
function keys() {
  const follow = (query) => one(query)?.click();
  const plain = {
    "/": () => one("#search")?.focus(),
    n: () => follow(":is([data-action=create], [data-action=new])"),
    e: () => follow(".head :is([data-action=edit], [data-action=update])"),
    "?": () => one("#keys")?.showModal?.(),
  };
  on(document, "keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.altKey) return;
    const control = event.ctrlKey || event.metaKey;
    const form = one("form.sheet");
    if (control && form && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (form.matches("[data-save]")) form.requestSubmit();
    } else if (control && form && event.key === "Enter") form.requestSubmit();
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
    if (control || typing || !plain[event.key]) return;
    event.preventDefault();
    plain[event.key]();
  });
}

/* Open menus close at a click elsewhere and with Escape. */
function menus() {
  const close = (inside) => all(".who[open], .drop[open]").forEach((menu) => menu.contains(inside) || (menu.open = false));
  on(document, "click", (event) => close(event.target));
  on(document, "keydown", (event) => event.key === "Escape" && close(null));
}

/* The further acts of a row open beside their button. */
function rowActs() {
  on(document, "toggle", ({ target, newState }) => {
    if (newState !== "open" || !target.matches(".row-acts")) return;
    const { right, top, bottom } = one(`[popovertarget="${target.id}"]`).getBoundingClientRect();
    const below = bottom + target.offsetHeight < innerHeight;
    target.style.left = Math.max(8, right - target.offsetWidth) + "px";
    target.style.top = (below ? bottom : top - target.offsetHeight) + "px";
  }, true);
}

/* Cards of the phone show the heading of each column before its value. */
function labels() {
  for (const table of all("table.list")) {
    const heads = all("thead th", table).map((head) => head.dataset.field && head.textContent.trim());
    for (const row of all(":is(tbody, tfoot) tr", table))
      [...row.cells].forEach((each, place) => heads[place] && each.setAttribute("data-label", heads[place]));
  }
}

/* A refusal that is about a field marks it. */
function marks() {
  for (const message of all(".notice[data-field]"))
    one(`[name="${CSS.escape(message.dataset.field)}"]:not([type=hidden])`)?.setAttribute("aria-invalid", "true");
}

confirmFirst();
sendOnce();
warnOnLeaving();
lines();
bulk();
all("[data-lookup]").forEach(lookup);
copies();
chosenFiles();
keys();
menus();
rowActs();
if (matchMedia("(max-width: 759px)").matches) labels();
marks();
