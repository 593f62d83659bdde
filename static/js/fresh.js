// A page that comes back from the back/forward cache may be out of date: ask the server again.
// The form does so by itself (submit.js).
(() => {
  addEventListener("pageshow", (event) => {
    if (event.persisted && !document.querySelector("[data-pay]")) location.reload();
  });
})();
