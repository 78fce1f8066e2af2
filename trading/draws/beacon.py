"""The public value of a draw (公共随机值): dice or numbered balls that those present throw and draw, in full view, and the one way
to write down what they show (docs/protocols/draw.md section 14.3).

A rule begins with its form: `dice/20` twenty ten-sided dice, `balls/49/6` six of 49 numbered balls. What follows it is
for people. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FORM = re.compile(r"dice/([1-9][0-9]?)|balls/([1-9][0-9]{0,2})/([1-9][0-9]?)")


@dataclass(frozen=True)
class Form:
    """How a value is written: `count` dice, or `count` distinct balls of `of` (0 for dice)."""

    count: int
    of: int = 0

    @property
    def name(self) -> str:
        """`dice/20`, `balls/49/6`."""
        return f"balls/{self.of}/{self.count}" if self.of else f"dice/{self.count}"

    def holds(self, value: str) -> bool:
        """Whether a value has this form: a digit for each die; numbers of equal width between hyphens, none twice."""
        if not self.of:
            return re.fullmatch(r"[0-9]+", value) is not None and len(value) == self.count
        shown, width = value.split("-"), len(str(self.of))
        numbers = {text for text in shown if re.fullmatch(r"[0-9]+", text) and 1 <= int(text) <= self.of}
        return len(shown) == len(numbers) == self.count and all(len(text) == width for text in shown)

    def announced(self) -> dict[str, str]:
        """The beacon of an announcement: its source and its rule, in both languages."""
        if self.of:
            return {
                "source": f"{self.of} numbered balls, drawn by those present · 到场人员从{self.of}个号码球中抽取",
                "rule": f"{self.name} · 按抽出先后的{self.count}个号码，各写成{len(str(self.of))}位数字，用连字符连接 "
                f"({self.count} numbers in the order drawn, {len(str(self.of))} digits each, joined by hyphens)",
            }
        return {
            "source": f"{self.count} ten-sided dice, thrown by those present · 到场人员掷{self.count}枚十面骰子",
            "rule": f"{self.name} · 按掷出先后的{self.count}个数字0至9，不加空格 "
            f"({self.count} digits 0 to 9 in the order thrown, without spaces)",
        }


def form_of(rule: str) -> Form | None:
    """The form that a rule begins with; None for a rule that no program reads."""
    found = _FORM.fullmatch(rule.split(" ")[0])
    if found is None:
        return None
    dice, of, count = (int(text) if text else 0 for text in found.groups())
    if not dice and count > of:
        return None
    return Form(dice or count, of)
