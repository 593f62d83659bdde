// "0829" becomes "08/29" while it is typed, and any other form that can be read on leaving.
(() => {
  const expiry = document.getElementById("f-expiry");
  const write = ({ inputType, isComposing }) => {
    const text = read.plain(expiry.value);
    if (isComposing || expiry.selectionStart < expiry.value.length) return;
    if (/^delete/.test(inputType)) {
      expiry.value = text.replace(/\D+$/, "");
      return;
    }
    // A month and what divides it, or one digit that no month and no year goes on from, or two.
    const [, month, , year] = /^(\d\d?)([ /.-]+)(\d{0,4})$/.exec(text) ?? /^([3-9]|\d\d)()(\d{0,4})$/.exec(text) ?? [];
    if (month > 0 && month < 13) expiry.value = month.padStart(2, "0") + "/" + year;
  };
  expiry?.addEventListener("input", write);
  expiry?.addEventListener("compositionend", write);
  expiry?.addEventListener("change", () => {
    const month = String(read.month(expiry.value));
    if (month.startsWith("20")) expiry.value = month.slice(4) + "/" + month.slice(2, 4);
  });
})();
