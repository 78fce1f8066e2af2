/** The forms of a public value (draw.md section 14.3): dice/20, balls/49/6. */

/** @returns {((value: string) => boolean)|null} whether a value has the form that the rule begins with; null for a rule of no known form */
export function formOf(rule) {
  const found = /^(?:dice\/([1-9][0-9]?)|balls\/([1-9][0-9]{0,2})\/([1-9][0-9]?))(?: |$)/.exec(rule);
  if (!found) return null;
  const [, dice, balls, drawn] = found;
  if (dice) return (value) => value.length === Number(dice) && /^[0-9]+$/.test(value);
  if (Number(drawn) > Number(balls)) return null;
  return (value) => {
    const shown = value.split("-");
    const fits = (text) => /^[0-9]+$/.test(text) && text.length === balls.length && Number(text) >= 1 && Number(text) <= Number(balls);
    return shown.length === Number(drawn) && new Set(shown).size === shown.length && shown.every(fits);
  };
}

export const formName = (rule) => rule.split(" ")[0];
