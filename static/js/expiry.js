// "0829" becomes "08/29" while it is typed; every other form is left for the server to read.
(() => {
  const expiry = document.getElementById("f-expiry");
  expiry?.addEventListener("input", (event) => {
    const text = expiry.value;
    const atEnd = expiry.selectionStart === text.length;
    if (!atEnd || !/^\d{1,2}( ?\/ ?)?\d{0,4}$|^\d{3,6}$/.test(text)) return;
    if (/^delete/.test(event.inputType)) {
      if (/\D$/.test(text)) expiry.value = text.replace(/\D+$/, "");
      return;
    }
    let [month, year = ""] = text.split(/\D+/);
    if (/^\d{3,6}$/.test(text)) [month, year] = [text.slice(0, 2), text.slice(2)];
    if (month.length < 2 && (month > "1" || text.length > 1)) month = "0" + month;
    if (month > "12" || month.length < 2) return;
    expiry.value = month + "/" + year;
  });
})();
