"""What may be chosen in the service log, as the catalogue spells it."""

from __future__ import annotations

from models.register import Choice

CHANNEL = (
    Choice("telephone", "电话", "telephone"),
    Choice("letter", "来函", "letter"),
    Choice("visit", "来访", "visit"),
    Choice("online", "网络", "online"),
)
ORIGIN = (
    Choice("customer_request", "客户要求", "customer request"),
    Choice("grumble", "客户抱怨", "grumble"),
    Choice("complaint", "客户投诉", "complaint"),
    Choice("quality_instruction", "质检指令", "quality instruction"),
)
SERVICE_KIND = (
    Choice("A", "A 有费服务", "A chargeable"),
    Choice("B", "B 合同服务", "B contract"),
    Choice("C", "C 免费服务", "C free"),
    Choice("D", "D 内务服务", "D internal"),
)
CONTENT = (
    Choice("consulting", "技术咨询", "technical consulting"),
    Choice("transport", "运输服务", "transport"),
    Choice("return", "包退", "return"),
    Choice("exchange", "包换", "exchange"),
    Choice("repair", "维护", "repair and upkeep"),
    Choice("training", "培训", "training"),
)
TRANSPORT = (
    Choice("carried", "本公司承运", "carried by us"),
    Choice("arranged", "协助联系承运", "help in finding a carrier"),
)
# Ordered by what is to be dispatched first.
PRIORITY = (
    Choice("next_day", "次日优先", "first today"),
    Choice("urgent", "紧急", "urgent"),
    Choice("normal", "普通", "normal"),
)
SIGNATURE_ORDER = (
    Choice("customer_then_manager", "客户先签、经理后签", "customer, then manager"),
    Choice("manager_then_customer", "经理先签、客户后签", "manager, then customer"),
)
CHARGE_MODE = (
    Choice("on_the_spot", "当场收费", "collected on the spot"),
    Choice("invoiced", "开票收款", "invoiced for collection"),
)
SATISFACTION = (
    Choice("very_satisfied", "非常满意", "very satisfied"),
    Choice("satisfied", "满意", "satisfied"),
    Choice("average", "一般", "average"),
    Choice("poor", "较差", "poor"),
    Choice("not_answered", "未答", "not answered"),
)
FINDING = (
    Choice("form", "未按规定办理、填写不齐或失实", "not as required, incomplete or untrue"),
    Choice("keeping", "保管不善或填写缺项", "poor safekeeping or missing items"),
)
