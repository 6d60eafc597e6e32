"""The printed form of key checkout."""

from __future__ import annotations

from models.register import Block, Print, Text

PRINTS = (
    Print(
        "key_day_sheet",
        "钥匙领用登记表",
        "key checkout register",
        (
            Block(
                "lines",
                fields=(
                    "car",
                    "key",
                    "purpose",
                    "holder",
                    "issued_at",
                    "accompanied_by",
                    "drive_ended_at",
                    "returned_at",
                    "received_by",
                    "remarks",
                ),
                headings={
                    "car": Text("车牌/车架号", "plate or frame number"),
                    "key": Text("钥匙号", "key number"),
                    "holder": Text("领用人签字", "holder signs"),
                    "accompanied_by": Text("陪同", "guide"),
                    "drive_ended_at": Text("试驾止", "drive ended"),
                    "received_by": Text("接收人签字", "receiver signs"),
                },
            ),
            Block("signatures", blank=(Text("5S", "5S custodian"), Text("主管", "manager in charge"))),
        ),
        many=True,
        by=(("date", "issued_at"),),
        paper="A4 landscape",
    ),
)
