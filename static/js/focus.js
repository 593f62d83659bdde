// A new state is read aloud: focus goes to its headline, or to the summary of errors.
(() => {
  document.querySelector("[data-focus]")?.focus({ preventScroll: true });
})();
