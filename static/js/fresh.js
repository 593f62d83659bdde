// A page that comes back from the back/forward cache may be out of date: ask the server again.
(() => {
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
