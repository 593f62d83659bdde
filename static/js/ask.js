// A page of ours as a document of its own: its scripts do not run, and nothing of it is in sight.
// `status` is 0 where no answer came; `at`: the page that the payment is at, where that is another.
const ask = (url, body) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(body ? "POST" : "GET", url);
    request.responseType = "document";
    request.timeout = 45000; // longer than the server takes
    request.setRequestHeader("x-behind", document.documentElement.className || "page");
    request.onloadend = () =>
      resolve({
        status: request.status,
        page: request.response,
        at: request.getResponseHeader("hx-redirect"),
      });
    request.send(body);
  });
const formOf = (page) => page?.querySelector("[data-pay]");
