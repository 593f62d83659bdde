// What was typed, as the server reads it (checkout/model/card_form.py).
const read = (() => {
  // The digits of every script, and wide letters, as ASCII has them; without what can't be seen.
  const plain = (text) =>
    text.normalize("NFKC").replace(/\p{Cf}/gu, "").replace(/\p{Nd}/gu, (digit) => {
      const place = digit.codePointAt();
      let value = 0;
      while (/\p{Nd}/u.test(String.fromCodePoint(place - value - 1))) value++;
      return value % 10;
    });
  const digits = (text) => plain(text).replace(/\D/g, "");

  // The forms of an expiry date that people type and autofill produces.
  const MONTH_FIRST = [/^(\d{1,2})\D+(\d{4}|\d{2})$/, /^(\d{2})(\d{4}|\d{2})$/, /^(\d)(\d{2})$/];
  const YEAR_FIRST = [/^(\d{4})\D+(\d{1,2})(?:\D+\d{1,2})?$/, /^(20\d{2})(0[1-9]|1[0-2])$/];
  // As 202611; 0 for what is none.
  const month = (typed) => {
    const text = plain(typed).trim();
    const find = (patterns) => patterns.map((each) => each.exec(text)).find(Boolean) ?? [];
    let [, year, number] = find(YEAR_FIRST);
    if (!year) [, number, year] = find(MONTH_FIRST);
    if (!(number > 0 && number < 13)) return 0;
    return (year < 100 ? +year + 2000 : +year) * 100 + +number;
  };
  return { plain, digits, month };
})();
