// Copies a number; the button appears where the browser can. What it says then is read aloud, too.
(() => {
  const buttons = navigator.clipboard ? document.querySelectorAll("[data-copy]") : [];
  const said = document.createElement("p");
  said.className = "sr";
  said.setAttribute("role", "status");
  if (buttons.length) document.body.append(said);
  for (const button of buttons) {
    const word = button.firstChild; // behind it, unseen, stands what is copied
    const label = word.data;
    button.classList.remove("can-not");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      word.data = said.textContent = button.dataset.done;
      setTimeout(() => {
        word.data = label;
        said.textContent = "";
      }, 2000);
    });
  }
})();
