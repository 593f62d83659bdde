// Slips are shown before the form is sent, in the server's own words. What the server alone can see
// it says afterwards; nothing is refused here that it would take.
(() => {
  const form = document.querySelector("[data-pay]");
  if (!form) return;
  const luhn = (text) =>
    [...text]
      .reverse()
      .map((digit, i) => (i % 2 ? (digit * 2) % 10 + (digit > 4) : +digit))
      .reduce((sum, each) => sum + each, 0) % 10 === 0;
  const written = (input) => input.value.trim().replace(/\s+/g, " ");
  const missing = (input) => (input.required ? "missing" : "");

  // What is wrong, by the name of the text that says so.
  const PROBLEM = {
    number(input) {
      const typed = read.digits(input.value);
      if (!typed) return "missing";
      if (input.lengths ? !input.lengths.includes(typed.length) : typed.length < 12) return "length";
      return luhn(typed) ? "" : "wrong";
    },
    expiry(input) {
      const typed = read.month(input.value);
      return !typed ? "missing" : typed < input.dataset.oldest ? "past" : "";
    },
    code(input) {
      const { length } = read.digits(input.value);
      const wanted = document.getElementById("f-number")?.code;
      if (!length) return missing(input); // some cards have none
      return (wanted ? length === wanted : length > 2) ? "" : wanted === 4 ? "four" : "three";
    },
    holder(input) {
      const typed = written(input);
      if (!typed) return missing(input);
      if ([...typed].length > 32) return "long";
      return read.digits(typed).length < 8 ? "" : "digits";
    },
  };
  const problemOf = (input) => {
    if (input.matches(":disabled, [readonly]") || !input.getClientRects().length) return "";
    if (PROBLEM[input.name]) return PROBLEM[input.name](input);
    const { pattern } = input.dataset;
    if (input.type === "checkbox" ? !input.checked : !written(input)) return missing(input);
    return !pattern || RegExp(`^(${pattern})$`, "u").test(written(input)) ? "" : "wrong";
  };

  const said = ({ dataset }, problem) => {
    const slips = dataset.slips.split("|");
    return slips[slips.indexOf(problem) + 1];
  };
  const check = (input) => {
    const problem = problemOf(input);
    document.getElementById("e-" + input.name).textContent = problem ? said(input, problem) : "";
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return problem;
  };

  const inputs = [...form.querySelectorAll("[data-slips]")];
  for (const input of inputs) {
    // Going on to another field checks this one, but a press on the button does not: an error that
    // comes up then would move the button away under the finger.
    input.addEventListener("focusout", (event) => {
      if (input.value && event.relatedTarget?.matches("input, select")) check(input);
    });
    // Mending a field takes its error away at once.
    input.addEventListener("input", () => input.hasAttribute("aria-invalid") && check(input));
  }
  const stop = (event) => {
    const [first] = inputs.filter(check);
    if (!first) return;
    event.preventDefault();
    first.focus();
  };
  form.addEventListener("submit", stop);
  form.addEventListener("check", stop); // before a wallet opens
})();
