// Tells times by this device's clock; without it they stand there in UTC.
(() => {
  const said = [navigator.language, document.documentElement.lang];
  const region = said[0].slice(0, 2) === said[1].slice(0, 2) ? said : said[1];
  const written = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });
  for (const each of document.querySelectorAll("time")) {
    each.textContent = written.format(new Date(each.dateTime));
  }
})();
