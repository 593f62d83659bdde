// Pay once, and lose nothing that was typed: the form is sent behind the page, and what the server
// says comes into it. The second press does nothing. Without an answer nobody knows whether it
// arrived: that is looked up, and the same form sent again is the same payment.
(() => {
  const form = document.querySelector("[data-pay]");
  if (!form) return;
  const button = form.querySelector("[data-busy]");
  const now = form.querySelector("[data-now]");
  const labels = [...button.childNodes];
  const home = () => form.action.replace(/\/pay$/, ""); // the language in it may change
  let title = document.title;
  // The answer to a form with a mistake: asked for again, it must not send the form again.
  if (location.pathname.endsWith("/pay")) history.replaceState(null, "", home());
  const say = (text) => {
    now.textContent = text;
    now.previousElementSibling.classList.toggle("can-not", !!text);
  };
  const busy = (on) => {
    if (on) title = document.title;
    form.classList.toggle("busy", on);
    button.ariaDisabled = on || null;
    document.title = on ? button.dataset.busy : title;
    button.replaceChildren(...(on ? [button.dataset.busy] : labels));
    for (const input of form.querySelectorAll("input:not([readonly]), [data-held]")) {
      input.toggleAttribute("data-held", on);
      input.readOnly = on;
    }
    say(on ? now.dataset.slow : "");
  };
  const rest = (text) => {
    busy(false);
    say(text);
    document.dispatchEvent(new CustomEvent("checkout:open"));
  };

  // Whether the same form is asked for; scripts may have added hidden inputs to this one.
  const has = (one, other) => ({ name, type }) =>
    !name || other.elements[name] || (one === form && type === "hidden");
  const fits = (theirs) =>
    [...theirs.elements].every(has(theirs, form)) && [...form.elements].every(has(form, theirs));
  // The attempt that a form is for stands first in its token.
  const attempt = (each) => parseInt(each.elements.form_token.value);

  // What the same page says now: the note on top, the errors, the next attempt.
  const adopt = (page) => {
    const theirs = formOf(page);
    const note = page.querySelector(".note");
    document.querySelector(".note")?.remove();
    if (note) form.parentNode.prepend(document.adoptNode(note));
    for (const place of form.querySelectorAll(".error")) {
      place.textContent = page.getElementById(place.id)?.textContent;
      const input = document.getElementById(place.id.replace("e", "f"));
      if (place.textContent) input?.setAttribute("aria-invalid", "true");
      else input?.removeAttribute("aria-invalid");
    }
    form.elements.form_token.value = theirs.elements.form_token.value;
    title = page.title;
    rest("");
    note?.focus();
  };

  const hear = ({ status, page, at }) => {
    if (at) return location.assign(at);
    const theirs = formOf(page);
    if (theirs && fits(theirs)) {
      if (status === 200 && form.elements.code) form.elements.code.value = "";
      return adopt(page);
    }
    // Another form than this one: after an attempt its own page, else with what the server asks for.
    if (theirs) return status === 200 ? location.replace(home()) : form.submit();
    const refused = page?.getElementById("headline");
    if (refused && (status < 500 || status === 503))
      return rest(refused.textContent + ". " + page.querySelector(".say").textContent);
    look(1000);
  };

  // Nothing is sent here: only asked how the payment stands, until an answer comes.
  const look = async (pause) => {
    say(now.dataset.lost);
    await new Promise((resolve) => {
      setTimeout(resolve, pause);
      addEventListener("online", resolve, { once: true });
    });
    const answer = await ask(form.action);
    const theirs = formOf(answer.page);
    if (answer.at || (theirs && attempt(theirs) !== attempt(form))) return hear(answer);
    if (theirs) return rest(now.dataset.again);
    look(Math.min(pause * 2, 15000));
  };

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.classList.contains("busy")) return event.preventDefault();
    busy(true);
  });
  // After whatever else has its say in the event, such as a challenge that is not solved yet.
  addEventListener("submit", async (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    event.preventDefault();
    hear(await ask(form.action, new URLSearchParams(new FormData(form))));
  });
  // Back to this page as the browser kept it: with all that was typed, and maybe out of date.
  addEventListener("pageshow", async ({ persisted }) => {
    if (!persisted) return;
    busy(false);
    const answer = await ask(form.action);
    const theirs = formOf(answer.page);
    if (answer.at || (theirs && !fits(theirs))) location.reload();
    else if (theirs && attempt(theirs) !== attempt(form)) adopt(answer.page);
  });
})();
