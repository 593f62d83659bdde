// "0829" becomes "08/29" while it is typed; every other form is left for the server to read.
(() => {
  const expiry = document.getElementById("f-expiry");
  expiry?.addEventListener("input", (event) => {
    const text = expiry.value;
    if (expiry.selectionStart < text.length) return;
    if (/^delete/.test(event.inputType)) {
      expiry.value = text.replace(/\D+$/, "");
      return;
    }
    // A month and what divides it, or one digit that no month and no year goes on from, or two.
    const [, month, , year] = /^(\d\d?)([ /.-]+)(\d{0,4})$/.exec(text) ?? /^([3-9]|\d\d)()(\d{0,4})$/.exec(text) ?? [];
    if (month > 0 && month < 13) expiry.value = month.padStart(2, "0") + "/" + year;
  });
})();
