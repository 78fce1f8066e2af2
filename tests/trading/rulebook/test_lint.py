"""Forbidden conditions in tender documents: every planted one is found, and lawful sentences like them are not."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from trading.rulebook.book import Rulebook
from trading.rulebook.clauses import library
from trading.rulebook.lint import MESSAGES, faults_on, lint
from trading.rulebook.plan import Finding

BOOK, DAY = Rulebook.load(), date(2026, 3, 2)

PLANTED = [
    # field, sentence, rule, words that are marked
    ("qualification", "投标人须为本市注册的企业", "P20.place", "本市注册"),
    ("qualification", "供应商注册地须在福州市", "P20.place", "注册地须在福州市"),
    ("qualification", "在本地设有分公司或者办事处", "P20.place", "在本地设有"),
    ("qualification", "投标人须在本省行政区域内设有售后服务机构", "P20.place", ""),
    ("qualification", "不接受非本地企业投标", "P20.place", ""),
    ("criteria.2.guidance", "注册地址在海淀区的得 3 分", "P20.place", ""),
    ("criteria.3.guidance", "当地企业优先", "P20.place", "当地企业"),
    ("payment_terms", "中标人须在本市开设专用账户后支付", "P20.place", ""),
    ("qualification", "The bidder shall be registered in this city", "P20.place", "registered in this city"),
    ("qualification", "A local company with a branch office in this province", "P20.place", ""),
    ("criteria.1.guidance", "具有本省同类项目业绩，每个得 2 分", "P20.performance", "本省同类项目业绩"),
    ("criteria.1.guidance", "近三年在厦门市内承担过类似项目业绩的得 5 分", "P20.performance", ""),
    ("criteria.1.name", "与采购人有过合作经历", "P20.performance", ""),
    ("criteria.1.guidance", "为本单位提供过服务的加 3 分", "P20.performance", ""),
    ("criteria.1.guidance", "具有税务系统案例的，每个得 1 分", "P20.performance", ""),
    ("criteria.1.guidance", "荣获省级科技奖项的得 4 分", "P20.performance", ""),
    ("qualification", "注册资本不低于 500 万元", "P14", "注册资本"),
    ("qualification", "注册资本不得低于 500 万元", "P14", "注册资本"),
    ("criteria.2.name", "近三年营业收入", "P14", "营业收入"),
    ("criteria.2.guidance", "从业人员 100 人以上得 3 分", "P14", "从业人员"),
    ("criteria.2.guidance", "资产总额超过一亿元的得满分", "P14", "资产总额"),
    ("technical", "中标人实缴资本不低于 1000 万元", "P14", ""),
    ("criteria.2.guidance", "上年度净利润为正的得 2 分", "P14", "利润"),
    ("qualification", "Annual revenue above ten million yuan", "P14", "Annual revenue"),
    ("qualification", "成立满五年以上", "P14.years", "成立满五年"),
    ("qualification", "公司注册时间不少于3年", "P14.years", ""),
    ("technical", "指定采用华为品牌交换机", "P20.brand", ""),
    ("technical", "处理器：Intel Core i7 及以上", "P20.brand", ""),
    ("technical", "推荐品牌：甲、乙、丙", "P20.brand", "推荐品牌"),
    ("technical", "空调须采用国际知名品牌", "P20.brand", ""),
    ("item_name", "格力空调", "P20.brand", "格力"),
    ("title", "海康威视摄像头采购项目", "P20.brand", "海康威视"),
    ("technical", "必须为原装进口", "P20.brand", "原装进口"),
    ("technical", "产地须为德国", "P20.brand", ""),
    ("technical", "The brand must be Siemens", "P20.brand", "brand must be"),
    ("technical", "采用专利号 ZL201910123456.7 的结构", "P20.brand", ""),
    ("criteria.4.guidance", "具有相关软件著作权的，每项得 1 分", "P20.brand", ""),
    ("technical", "检测报告须由某某省产品质量检验院出具", "P20.brand", ""),
    ("qualification", "提供生产厂家针对本项目的授权书", "P14.authorisation", ""),
    ("criteria.4.guidance", "提供原厂授权得 3 分", "P14.authorisation", "原厂授权"),
    ("qualification", "A manufacturer's authorization letter is required", "P14.authorisation", ""),
    ("qualification", "供应商须在 3 月 5 日前到代理机构报名，未报名的不得投标", "G0-5", ""),
    ("qualification", "携带营业执照原件到现场报名并购买招标文件", "G0-5", ""),
    ("qualification", "报名成功后方可下载招标文件", "G0-5", ""),
    ("qualification", "投标人须为采购人供应商库内的企业", "G0-4", ""),
    ("qualification", "法定代表人必须亲自到场参加开标", "G0-3", ""),
    ("criteria.5.guidance", "以抽签方式确定中标人", "G0-1", ""),
    ("payment_terms", "最低限价为 80 万元", "P7.minimum", ""),
    ("qualification", "仅限国有企业参加", "P20.place", ""),
    ("criteria.5.guidance", "上市公司优先", "P20.place", ""),
    ("criteria.5.guidance", "获得守合同重信用企业称号得 2 分", "P20.performance", "守合同重信用"),
    ("criteria.5.guidance", "行业协会会员单位加 1 分", "P20.performance", ""),
    ("criteria.5.guidance", "信用等级证书为 AAA 的得 3 分", "P20.performance", ""),
    ("qualification", "具有系统集成资质二级", "P20.fit", "系统集成资质"),
    ("criteria.5.guidance", "通过 CMMI 五级认证得 5 分", "P20.fit", "CMMI"),
]  # fmt: skip

LAWFUL = [
    ("qualification", "本项目不设置注册资本、营业收入等规模条件，不限制供应商所在地区"),
    ("qualification", "不得以注册资本、资产总额、从业人员等作为资格要求"),
    ("qualification", "供应商不论注册地在何处均可参加，外地企业与本地企业一视同仁"),
    ("qualification", "提供《中小企业声明函》，如实填写从业人员、营业收入、资产总额"),
    ("qualification", "近三年经营活动中无重大违法记录"),
    ("qualification", "依法缴纳税收和社会保障资金"),
    ("qualification", "成立不足三年的供应商，提供自成立以来的书面声明"),
    ("qualification", "未被列入失信被执行人、重大税收违法失信主体名单，由采购人在信用中国网站查询信用记录"),
    ("qualification", "供应商无须报名，可免费下载招标文件"),
    ("qualification", "除在平台注册外，不要求供应商报名"),
    ("qualification", "法定代表人或者其授权代表签字，提供法定代表人授权委托书"),
    ("qualification", "所投产品为进口货物的，可以提供生产厂家的授权书"),
    ("qualification", "不要求提供生产厂家授权"),
    ("qualification", "本项目接受联合体投标，联合体各方签订共同投标协议"),
    ("qualification", "监狱企业、残疾人福利性单位视同小型、微型企业"),
    ("qualification", "具有建筑工程施工总承包三级及以上资质"),
    ("qualification", "拟派项目组从业人员不少于 5 人，均持证上岗"),
    ("technical", "交货地点：本市十二所学校"),
    ("technical", "故障后四小时内到达本市现场"),
    ("technical", "中标后在本市设立服务网点，费用由中标人承担"),
    ("technical", "适应当地气候条件，遵守项目所在地环保规定"),
    ("technical", "投标人须注明所投产品的品牌、型号、产地和制造商"),
    ("technical", "与采购人现有的华为交换机兼容并可统一管理"),
    ("technical", "投标人保证所投产品不侵犯第三方的专利权、商标权"),
    ("technical", "供货时提供生产厂家出厂合格证明"),
    ("technical", "检测报告由具有资质的第三方检测机构出具，盖有 CMA 章"),
    ("technical", "系统包含利润中心、纳税申报和员工人数统计模块"),
    ("technical", "系统归集本市企业信用数据，支持外地企业与本地企业的分类统计"),
    ("technical", "系统支持查询企业注册资本、从业人员等登记信息"),
    ("technical", "中标人应在项目所在地配备不少于两名驻场工程师，培训地点在采购人所在地"),
    ("qualification", "不以供应商的注册资本为条件"),
    ("technical", "苹果、梨等水果新鲜无腐烂，环境优美的园区每日保洁"),
    ("technical", "质保期自验收合格之日起三年，由制造商或者投标人提供备件"),
    ("technical", "不指定品牌，参数仅为性能要求"),
    ("technical", "建设单位为市属中小学，服务于区内居民"),
    ("technical", "市政工程业绩资料归档规范，小区物业管理业绩考核办法附后"),
    ("title", "本市办公用房空调采购项目"),
    ("title", "某区企业服务中心设备采购"),
    ("payment_terms", "合同签订后十日内支付百分之三十，不设最低限价"),
    ("payment_terms", "采购人不得要求中标人在本地缴纳税款"),
    ("criteria.1.guidance", "近三年同类项目业绩，每个得 2 分，不限地区和行业"),
    ("criteria.1.guidance", "报价明细中列明人工、材料、税金和利润"),
    ("criteria.1.guidance", "质量、环境、职业健康安全管理体系认证证书在有效期内，每项得 5 分"),
    ("criteria.1.guidance", "总分相同且报价相同的并列，抽签确定中标候选人的排序"),
    ("criteria.1.guidance", "拟投入本项目的员工人数与岗位匹配，得 5–8 分"),
    ("criteria.1.guidance", "按响应时间、备件保障和培训安排评分：优 12–15，良 7–11.5"),
    ("technical", "The bidder states the brand and model of what it offers"),
    ("technical", "Windows are cleaned once a month; noise below 35 dB(A)"),
    ("qualification", "No registered capital or annual revenue is required, wherever a supplier is registered"),
    ("qualification", "Suppliers need not sign up; the documents are free to download"),
    ("qualification", "Taxes and social security paid by law"),
]  # fmt: skip


SENTENCES = tomllib.loads((Path(__file__).parents[2] / "vectors" / "lint_sentences.toml").read_text("utf-8"))


def found(field: str, text: str, regime: str = "procurement") -> list[Finding]:
    return lint({field: text}, BOOK, DAY, regime)  # type: ignore[arg-type]


@pytest.mark.parametrize(("field", "sentence", "rule", "words"), PLANTED)
def test_every_planted_condition_is_found_with_its_words(
    field: str, sentence: str, rule: str, words: str
) -> None:
    hits = found(field, sentence)
    assert rule in [hit.rule for hit in hits], hits
    assert any(words in hit.given for hit in hits if hit.rule == rule)
    for hit in hits:
        assert hit.mark and "".join(hit.mark.parts) == sentence and hit.mark.parts[1] == hit.given


@pytest.mark.parametrize(("field", "sentence"), LAWFUL)
def test_lawful_sentences_that_look_alike_are_left_alone(field: str, sentence: str) -> None:
    assert found(field, sentence) == []


def test_a_bad_document_shows_all_its_faults_and_a_good_one_none() -> None:
    lines: dict[str, list[str]] = {}
    for field, sentence, _rule, _words in PLANTED:
        lines.setdefault(field, []).append(sentence)
    hits = lint({field: "。\n".join(text) for field, text in lines.items()}, BOOK, DAY)
    told = {(hit.field, hit.mark.sentence) for hit in hits if hit.mark}
    assert told == {(field, sentence) for field, sentence, _rule, _words in PLANTED}
    assert len(told) >= 25
    fields: dict[str, list[str]] = {}
    for field, sentence in LAWFUL:
        fields.setdefault(field, []).append(sentence)
    assert lint({field: "。\n".join(text) for field, text in fields.items()}, BOOK, DAY) == []


def test_a_long_list_of_planted_sentences_is_found_whole_and_a_long_list_of_lawful_ones_left_alone() -> None:
    planted = [(field, text) for field, texts in SENTENCES["planted"].items() for text in texts]
    lawful = [(field, text) for field, texts in SENTENCES["lawful"].items() for text in texts]
    assert len(planted) > 100 and len(lawful) > 100
    assert [pair for pair in planted if not found(*pair)] == []
    assert [pair for pair in lawful if found(*pair)] == []


def test_place_rule_and_certainty_are_told() -> None:
    (hit,) = found("qualification", "1. 提供营业执照。\n2. 信誉良好；注册资本不低于 500 万元。")
    assert (hit.mark.line, hit.mark.sentence) == (2, "注册资本不低于 500 万元")  # type: ignore[union-attr]
    assert (hit.severity, hit.article_zh) == ("refuse", "财政部令第87号 第17条")
    (years,) = found("qualification", "成立满三年")
    assert years.severity == "warn"
    (doubtful,) = found("qualification", "具有 CMMI 证书")
    assert (doubtful.rule, doubtful.severity, doubtful.certainty) == ("P20.fit", "warn", "V")


def test_an_override_covers_one_sentence_and_not_the_next() -> None:
    first, second = found("qualification", "注册资本 500 万元。注册资本 900 万元")
    assert first.id != second.id and len(first.id) <= 200


def test_the_other_law_has_its_own_article() -> None:
    (hit,) = found("technical", "推荐品牌：甲", "bidding_law")
    assert hit.rule == "T32"


def test_every_group_has_its_words_and_every_clause_offered_is_in_the_library() -> None:
    entries = faults_on(BOOK, DAY, "procurement")
    assert {entry.group for entry in entries} == set(MESSAGES)
    assert {entry.clause for entry in entries} - {""} <= set(library())
