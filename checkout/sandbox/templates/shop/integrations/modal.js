// The order is made by the shop's own server; its token opens the modal.
const form = document.querySelector("#modal");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", headers });
  if (!answer.ok) return form.submit();
  const { token } = await answer.json();
  new BeGateway({
    checkout_url: form.dataset.checkout,
    token,
    // Paid or not: the page goes on to the return address, where the shop asks its server.
    closeWidget: (status) => console.info("closed:", status),
  }).createWidget();
});
