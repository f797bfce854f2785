// Tells that there is news of the plant on this page, and keeps counts up to date. All works without it.
"use strict";

(function () {
  const plant = document.body.dataset.plant;
  if (!plant || !window.EventSource) return;
  const shownAt = Number(document.body.dataset.at);
  const live = document.getElementById("live");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let first = null;

  const stream = new EventSource(`/plants/${encodeURIComponent(plant)}/events`);
  stream.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    first = first || state;
    for (const place of document.querySelectorAll("[data-live]")) {
      const value = state[place.dataset.live];
      if (value !== undefined) place.textContent = number.format(value);
    }
    const isNews = state.answered > shownAt || state.champion !== first.champion || state.retrain !== first.retrain;
    if (live && isNews) live.hidden = false;
  });
  window.addEventListener("pagehide", () => stream.close());

  // One open menu at a time; Escape closes it and gives the focus back.
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
