// The address as the chosen country has it: which fields, in which order, what they are called.
(() => {
  const country = document.querySelector("[data-rules]");
  if (!country) return;
  const table = country.dataset.rules.split(";").map((each) => each.split(":"));
  const fields = ["address", "city", "state", "zip"].map((name) => document.querySelector(`[data-field=${name}]`));
  const show = () => {
    const { labels, optional } = country.dataset;
    const names = labels.split("|");
    const [wanted] = table.find(([, countries]) => countries.split(" ").includes(country.value)) ?? table[0];
    let last = country.closest(".field");
    const rest = new Set(fields.filter(Boolean));
    const place = (field, used) => {
      rest.delete(field);
      last.after(field);
      last = field;
      delete field.dataset.unused;
      field.hidden = !used;
      field.querySelector("input").disabled = !used;
    };
    for (const each of wanted ? wanted.split(" ") : []) {
      const [, name, label, required] = /^([a-z]+)(\d+)(!?)$/.exec(each);
      const field = document.querySelector(`[data-field=${name}]`);
      place(field, true);
      field.querySelector("input").required = required;
      const text = field.querySelector("label");
      text.textContent = names[label];
      if (required) continue;
      const may = document.createElement("span");
      may.className = "soft";
      may.textContent = optional;
      text.append(" ", may);
    }
    for (const field of rest) place(field, false);
  };
  country.addEventListener("change", () => {
    show();
    // What was wrong in another country may be right in this one (check.js).
    for (const field of fields) field?.querySelector("input").dispatchEvent(new Event("input"));
  });
  addEventListener("pageshow", show);
  show();
})();
