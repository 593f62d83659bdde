// 3-D Secure 2 asks for these; the server checks each and can do without.
(() => {
  document.querySelector("[data-pay]")?.addEventListener("formdata", ({ formData }) => {
    const values = {
      screen_width: screen.width,
      screen_height: screen.height,
      screen_color_depth: screen.colorDepth,
      window_width: document.body.clientWidth,
      window_height: document.body.clientHeight,
      language: navigator.language,
      java_enabled: false,
      time_zone: new Date().getTimezoneOffset(),
      time_zone_name: Intl.DateTimeFormat().resolvedOptions().timeZone,
    };
    for (const name in values) formData.set(name, values[name] ?? "");
  });
})();
