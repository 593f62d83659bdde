// The card number in groups while it is typed, its brand's mark, and how long its code is.
(() => {
  const number = document.getElementById("f-number");
  if (!number) return;
  const code = document.getElementById("f-code");
  const hint = document.getElementById("h-code");
  const marks = number.parentNode.querySelectorAll("[data-brand]");
  // As in checkout/model/pan.py: name, first digits, lengths, length of the code.
  const BRANDS = [
    ["amex", /^3[47]/, [15], 4],
    ["diners", /^3(0[0-59]|[689])/, [14, 16, 19], 3],
    ["jcb", /^35(2[89]|[3-8])/, [16, 17, 18, 19], 3],
    ["mir", /^220[0-4]/, [16, 17, 18, 19], 3],
    ["belkart", /^9112/, [16], 3],
    ["visa", /^4/, [13, 16, 18, 19], 3],
    ["master", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16], 3],
    ["discover", /^(6011|64[4-9]|65)/, [16, 19], 3],
    ["unionpay", /^(62|81)/, [16, 17, 18, 19], 3],
    ["maestro", /^(50|5[6-9]|6\d)/, [12, 13, 14, 15, 16, 17, 18, 19], 3],
  ];
  const { digits } = read;

  const show = () => {
    const typed = digits(number.value);
    const [name, , lengths, digits_] = BRANDS.find(([, first]) => first.test(typed)) ?? [];
    const saved = document.querySelector("[name=card][value=saved]:checked");
    const size = saved ? +saved.dataset.digits || undefined : digits_;
    number.lengths = lengths;
    number.code = size;
    for (const mark of marks) mark.classList.toggle("on", mark.dataset.brand === name);
    const kind = size === 4 ? "four" : "three";
    if (hint) hint.textContent = hint.dataset[kind];
    if (!code) return;
    code.maxLength = size ?? 4;
    code.parentNode.classList.toggle("four", size === 4);
  };

  const group = () => {
    const caret = number.selectionStart ?? number.value.length;
    let before = digits(number.value.slice(0, caret)).length;
    const typed = [...digits(number.value)].slice(0, 19);
    const gaps = /^3(?!5)/.test(typed.join("")) && typed.length < 16 ? [4, 10] : [4, 8, 12, 16];
    let text = "";
    let place = 0;
    typed.forEach((digit, i) => {
      text += (gaps.includes(i) ? " " : "") + digit;
      if (i < before) place = text.length;
    });
    if (text !== number.value) {
      number.value = text;
      if (document.activeElement === number) number.setSelectionRange(place, place);
    }
    show();
  };

  for (const choice of document.querySelectorAll("[name=card]")) choice.addEventListener("change", show);
  number.removeAttribute("maxlength"); // pasted blanks and dashes must not push digits out
  number.addEventListener("input", (event) => event.isComposing || group());
  number.addEventListener("compositionend", group);
  addEventListener("pageshow", group); // the browser may have filled in what was typed before
  // Backspace and Delete take the digit beyond a gap, not the gap.
  number.addEventListener("keydown", ({ key }) => {
    const step = { Backspace: -1, Delete: 1 }[key];
    const at = number.selectionStart;
    if (step && at === number.selectionEnd && number.value[at + Math.min(step, 0)] === " ")
      number.setSelectionRange(at + step, at + step);
  });
  group();
})();
