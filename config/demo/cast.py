"""Who plays in the demonstration (演示人物表): data only, so that it costs nothing to print."""

from __future__ import annotations

from dataclasses import dataclass

from trading.permissions import Role

PASSWORD = "Tradehall-demo-2026"
"""of every demonstration account, and of every key file; worth nothing anywhere else"""


@dataclass(frozen=True)
class Figure:
    """One person of the demonstration and what they do. `organisation` is an index into ORGANISATIONS."""

    login: str
    name: str
    role: Role
    organisation: str
    does: str
    does_en: str


ORGANISATIONS = {
    "school-board": ("11", "440300", "00000001", "示例市教育局", "public-body", ""),
    "agency": ("91", "440300", "00000002", "示例市诚信招标代理有限公司", "enterprise", "small"),
    "finance": ("11", "440300", "00000003", "示例市财政局政府采购监管处", "public-body", ""),
    "centre": ("12", "440300", "00000004", "示例市公共资源交易中心", "public-body", ""),
    "audit": ("11", "440300", "00000005", "示例市审计局", "public-body", ""),
    "b1": ("91", "440300", "10000001", "启明教育装备有限公司", "enterprise", "medium"),
    "b2": ("91", "440300", "10000002", "华南信息技术股份有限公司", "enterprise", "large"),
    "b3": ("91", "440300", "10000003", "青禾数码科技有限公司", "enterprise", "micro"),
    "b4": ("91", "440300", "10000004", "远航电子设备有限公司", "enterprise", "small"),
    "b5": ("91", "440300", "10000005", "博雅办公系统有限公司", "enterprise", "medium"),
}
"""name: department and category digits, region, body, name, kind, size"""

FIGURES = (
    Figure(
        "agent", "王敏", Role.AGENT, "agency", "招标代理：发布公告、主持开标", "publishes, hosts the opening"
    ),
    Figure("buyer", "陈立", Role.TENDERER, "school-board", "采购人：确认结果、签合同", "confirms, contracts"),
    Figure("bidder1", "李娜", Role.BIDDER, "b1", "投标人", "bids"),
    Figure("bidder2", "张强", Role.BIDDER, "b2", "投标人", "bids"),
    Figure("bidder3", "刘洋", Role.BIDDER, "b3", "投标人（微型企业）", "bids (micro-enterprise)"),
    Figure("bidder4", "赵磊", Role.BIDDER, "b4", "投标人", "bids"),
    Figure("bidder5", "孙悦", Role.BIDDER, "b5", "投标人", "bids"),
    Figure("expert1", "周文", Role.EXPERT, "", "评审专家（组长）", "expert, head"),
    Figure("expert2", "吴静", Role.EXPERT, "", "评审专家", "expert"),
    Figure("expert3", "郑凯", Role.EXPERT, "", "评审专家", "expert"),
    Figure("expert4", "冯雪", Role.EXPERT, "", "评审专家", "expert"),
    Figure(
        "delegate", "何平", Role.TENDERER, "school-board", "采购人代表（评审）", "purchaser's representative"
    ),
    Figure("pool", "韩梅", Role.POOL_OFFICER, "centre", "专家库管理员", "keeps the pool of experts"),
    Figure(
        "roster", "唐宁", Role.ROSTER_OFFICER, "centre", "承包商名录管理员", "keeps the roster of contractors"
    ),
    Figure("regulator", "林涛", Role.REGULATOR, "finance", "监督人员", "watches the whole trail"),
    Figure("custodian", "高洁", Role.CUSTODIAN, "audit", "密钥保管方值守人员", "custodian's attendant"),
    Figure("sysadmin", "秦刚", Role.SYSTEM_ADMIN, "", "系统管理员", "system administrator"),
    Figure("secadmin", "许岩", Role.SECURITY_ADMIN, "", "安全管理员", "security administrator"),
    Figure("auditadmin", "沈墨", Role.AUDIT_ADMIN, "", "审计管理员", "audit administrator"),
)

GUARANTOR = ("示例银行股份有限公司", ("9", "1", "440300", "00000007"))
"""The bank that signs guarantees: its name and the parts of its code."""
CUSTODIANS = {
    "custodian-centre": ("示例市公共资源交易中心", ("1", "2", "440300", "00000004")),
    "custodian-audit": ("示例市审计局", ("1", "1", "440300", "00000005")),
    "custodian-notary": ("示例市公证处", ("1", "2", "440300", "00000006")),
}
"""name: organisation and the parts of its code. Three services of opposed interests; any two open a bid."""

SITE = ("示例市公共资源交易中心评标区", ("1", "2", "440300", "00000004"))
"""The evaluation site, whose device calls the experts that a draw names: its name and the parts of its code."""

TRUSTEES = {
    "draw-notary": ("示例市公证处", ("1", "2", "440300", "00000006")),
    "draw-audit": ("示例市审计局", ("1", "1", "440300", "00000005")),
    "draw-university": ("示例大学", ("1", "2", "440300", "00000008")),
    "draw-association": ("示例市招标投标协会", ("5", "1", "440300", "00000009")),
}
"""name: organisation and the parts of its code. Each puts its own chance into every draw; the last stands by."""
