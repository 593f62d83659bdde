// The order is made by the shop's own server; its address is shown in the page.
const form = document.querySelector("#inline");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", headers });
  if (!answer.ok) return form.submit();
  const { redirect_url } = await answer.json();
  const frame = document.createElement("checkout-frame");
  frame.setAttribute("src", redirect_url);
  form.replaceWith(frame);
});
