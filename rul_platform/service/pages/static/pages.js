// Tells that there is news of the plant on this page, and keeps counts up to date. All works without it.
"use strict";

(function () {
  const plant = document.body.dataset.plant;
  if (!plant || !window.EventSource) return;
  const shownAt = Number(document.body.dataset.at);
  const live = document.getElementById("live");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  let first = null;

  // Parts of the page that are made anew, in place, when one of the values changes that they name.
  const parts = [...document.querySelectorAll("[data-refresh]")].map((part) => ({ id: part.id, names: part.dataset.refresh.split(" "), seen: null }));
  const shown = new Map(parts.map((part) => [part.id, document.getElementById(part.id).innerHTML]));
  let asking = Promise.resolve();

  function refresh(state) {
    for (const part of parts) {
      const now = JSON.stringify(part.names.map((name) => state[name]));
      if (part.seen === now) continue;
      part.seen = now;
      asking = asking.then(() => renew(part.id)).catch(() => { part.seen = null; });
    }
  }

  async function renew(id) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    const part = document.getElementById(id);
    if (!fresh || fresh.innerHTML === shown.get(id)) return;
    shown.set(id, fresh.innerHTML);
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    const places = "a, button, summary, [tabindex]";
    const focused = [...part.querySelectorAll(places)].indexOf(document.activeElement);
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll("details").forEach((each, at) => { each.open = open[at] ?? each.open; });
    if (focused >= 0) part.querySelectorAll(places)[focused]?.focus({ preventScroll: true });
    const said = document.getElementById("said");
    if (said) said.textContent = part.querySelector("h2").textContent;
  }

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
    refresh(state);
  });
  window.addEventListener("pagehide", () => stream.close());

  // One open menu at a time; Escape closes it and gives the focus back.
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest("details[open]:not(.table-of)");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[open]:not(.table-of)")) if (!menu.contains(event.target)) menu.open = false;
  });
})();
