// The order is made by the shop's own server; its token opens a window of its own.
const form = document.querySelector("#popup");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", headers });
  if (!answer.ok) return form.submit();
  const { token } = await answer.json();
  new BeGateway({
    checkout_url: form.dataset.checkout,
    token,
    popup: true, // where the browser refuses one, a button opens it
    closeWidget: (status) => console.info("closed:", status),
  }).createWidget();
});
