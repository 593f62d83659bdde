// To the bank at once; whoever comes back here, by Back or by a reload, decides by the buttons.
(() => {
  const way = document.querySelector("[data-leave][data-by-itself]");
  const [visit] = performance.getEntriesByType("navigation");
  if (!way || visit?.type !== "navigate") return;
  history.replaceState(null, "", "?again");
  if (way.href) location.assign(way.href);
  else HTMLFormElement.prototype.submit.call(way);
})();
