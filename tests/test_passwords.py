"""What a new password must meet, how it is kept, and that unknown names cost the same."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.passwords import MOST, STANDARD, Hasher, is_common, one_time_password, password_problem

CHEAP = Hasher(memory_kib=64, time_cost=1)


def test_a_hash_carries_the_parameters_of_the_house() -> None:
    assert Hasher().hash("otter kettle seventeen").startswith("$argon2id$v=19$m=65536,t=3,p=1$")


def test_two_hashes_of_one_password_differ() -> None:
    assert CHEAP.hash("otter kettle seventeen") != CHEAP.hash("otter kettle seventeen")


@pytest.mark.parametrize("typed", ["Otter kettle seventeen", "otter kettle seventeen ", "otter  kettle seventeen", ""])
def test_a_password_is_compared_exactly(typed: str) -> None:
    stored = CHEAP.hash("otter kettle seventeen")
    assert CHEAP.verify(stored, "otter kettle seventeen")
    assert not CHEAP.verify(stored, typed)


@pytest.mark.parametrize("password", ["一二三四五六七八九十百千", "pass\twith\nodd signs", "😀😃😄😁😆😅🤣😂🙂🙃😉😊"])
def test_any_character_may_be_used(password: str) -> None:
    assert password_problem(password) is None
    assert CHEAP.verify(CHEAP.hash(password), password)


def test_more_than_1024_bytes_are_never_hashed() -> None:
    with pytest.raises(ValueError, match="too long"):
        CHEAP.hash("x" * 1025)
    assert not CHEAP.verify(CHEAP.hash("x" * 1024), "x" * 1025)
    assert CHEAP.verify(CHEAP.hash("x" * 1024), "x" * 1024)


@pytest.mark.parametrize("stored", ["", "broken", "$argon2id$v=19$m=64,t=1,p=1$xx$yy", "plain text password"])
def test_what_is_no_hash_meets_no_password(stored: str) -> None:
    assert not CHEAP.verify(stored, "")
    assert not CHEAP.verify(stored, stored or "-")
    assert CHEAP.outdated(stored) or stored.startswith("$argon2id")


def test_half_a_character_is_no_password() -> None:
    assert not CHEAP.verify(CHEAP.hash("otter kettle seventeen"), "\ud800otter kettle seventeen")


def test_a_hash_made_with_less_is_outdated() -> None:
    stronger = Hasher(memory_kib=128, time_cost=1)
    assert stronger.outdated(CHEAP.hash("otter kettle seventeen"))
    assert not CHEAP.outdated(CHEAP.hash("otter kettle seventeen"))


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    hasher = Hasher(memory_kib=8 * 1024, time_cost=2)
    stored = hasher.hash("otter kettle seventeen")
    hasher.warm_up()

    def best(against: str) -> float:
        times = []
        for _ in range(7):
            start = time.thread_time()
            hasher.verify(against, "some other password")
            times.append(time.thread_time() - start)
        return min(times)

    known, unknown = best(stored), best("")
    assert 0.5 < unknown / known < 2


def test_no_more_hashes_at_once_than_allowed() -> None:
    hasher = Hasher(memory_kib=8 * 1024, time_cost=1, most_at_once=2)
    running = 0
    most = 0
    guard = threading.Lock()
    real = hasher._argon2.hash

    class Counting:
        def hash(self, raw: bytes) -> str:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
            try:
                time.sleep(0.01)
                return real(raw)
            finally:
                with guard:
                    running -= 1

    hasher._argon2 = Counting()  # type: ignore[assignment]
    threads = [threading.Thread(target=hasher.hash, args=("otter kettle",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


@pytest.mark.parametrize("length", [STANDARD.least - 1, STANDARD.least, MOST, MOST + 1])
def test_length_from_12_to_128(length: int) -> None:
    password = "".join(chr(0x4E00 + 37 * at) for at in range(length))
    problem = password_problem(password)
    assert (problem is None) == (STANDARD.least <= length <= MOST)
    if problem is not None:
        assert str(problem)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PasswordPassword",
        "password1234",
        "Password2025!!",
        "1234567890ab",
        "qwertyuiop123",
        "000000000000",
        "abcabcabcabc",
        "111122223333",
        "iloveyou1234",
        "unbelievable",
    ],
)
def test_common_passwords_are_refused(password: str) -> None:
    assert is_common(password)
    assert password_problem(password) is not None


@pytest.mark.parametrize(
    "password", ["otter kettle seventeen", "k7mq4tzr9hw2xnpc", "红茶壶里养水獭的邻居们", "tiger-8391-spoon-27"]
)
def test_uncommon_passwords_are_taken(password: str) -> None:
    assert not is_common(password)


def test_the_list_holds_at_least_100000_passwords() -> None:
    import gzip

    from backoffice import passwords

    words = gzip.decompress(passwords._COMMON.read_bytes()).decode().splitlines()
    assert len(words) >= 100_000
    assert words == sorted(set(words))


@pytest.mark.parametrize(
    ("password", "context"),
    [
        ("alice-otter-kettle", ("青川商贸有限公司", "alice", "王小明")),
        ("otter-ALICE-kettle", ("青川商贸有限公司", "alice", "王小明")),
        ("我叫王小明今年三十岁了啊", ("青川商贸有限公司", "alice", "王小明")),
        ("青川商贸有限公司kettle", ("青川商贸有限公司", "alice", "王小明")),
        ("northwind otter kettle", ("Northwind Trading", "bob", "Bob")),
    ],
)
def test_words_that_others_know_are_refused(password: str, context: tuple[str, ...]) -> None:
    problem = password_problem(password, context)
    assert problem is not None
    assert problem.values["word"]
    assert password_problem(password, ()) is None


def test_the_name_of_the_product_is_refused() -> None:
    problem = password_problem("Backoffice-otter-1", ())
    assert problem is not None
    assert problem.values["word"] == "backoffice"


def test_short_names_do_not_forbid_every_password() -> None:
    assert password_problem("high quality otter kettle", ("A", "hr", "Gm")) is None


def test_one_time_passwords_are_readable_and_differ() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert len(password) == 16
        assert not set(password) & set("0o1il")
        assert password_problem(password) is None


@given(st.text(max_size=200))
@settings(max_examples=60)
def test_every_text_gets_an_answer(password: str) -> None:
    problem = password_problem(password, ("Northwind",))
    assert problem is None or str(problem)
    assert not CHEAP.verify("", password)
