// Keeps the parts of a page that change up to date: asks for the same page again, and takes them over.
(() => {
  "use strict";
  // On a phone the tabs are wider than the screen: where one is must be in sight.
  const tab = document.querySelector("nav [aria-current]");
  if (tab) {
    const tabs = tab.closest("nav");
    tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }
  const every = Number(document.body.dataset.refresh) * 1000;
  if (!every) return;
  const lost = document.getElementById("lost");
  const patience = 15000; // milliseconds; the server itself gives up earlier where only the database hangs
  const focusable = "a[href], button, summary, input, select";
  const name = (element) => `${element.tagName} ${element.textContent.trim()} ${element.value || ""}`;
  let wait = every;

  function take(old, fresh) {
    old.hidden = fresh.hidden;
    if (old.innerHTML === fresh.innerHTML && old.className === fresh.className) return;
    const open = [...old.querySelectorAll("details[open]")].map((each) => each.id);
    const active = old.contains(document.activeElement) ? document.activeElement : null;
    const same = active && [...old.querySelectorAll(focusable)].filter((each) => name(each) === name(active)).indexOf(active);
    const said = old.querySelector("[role=status]");
    const told = said && said.textContent;
    old.className = fresh.className;
    old.replaceChildren(...fresh.childNodes);
    const says = old.querySelector("[role=status]");
    // The very same words are not read out again by a screen reader.
    if (said && says && says.textContent === told) says.replaceWith(said);
    for (const id of open) {
      const each = id && document.getElementById(id);
      if (each) each.open = true;
    }
    if (active) {
      const again = [...old.querySelectorAll(focusable)].filter((each) => name(each) === name(active))[same];
      if (again) again.focus({ preventScroll: true });
    }
  }

  async function look() {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, {
          credentials: "same-origin", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(patience),
        });
        if (answer.type === "opaqueredirect" || answer.status === 401) return location.reload();
        const isPage = (answer.headers.get("Content-Type") || "").startsWith("text/html");
        if (!answer.ok || !isPage) throw new Error("a page about an error has nothing to take over");
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        if (!page.getElementById("lost")) throw new Error("this is not from us");
        const parts = [...document.querySelectorAll("[data-live]")].map((old) => [old, page.getElementById(old.id)]);
        // What stood in for this page while there was nothing to show has other parts.
        if (parts.some(([, fresh]) => !fresh)) return location.reload();
        for (const [old, fresh] of parts) take(old, document.adoptNode(fresh));
        if (page.title) document.title = page.title;
        wait = Number(page.body.dataset.refresh || 5) * 1000;
        lost.hidden = true;
      } catch {
        lost.hidden = false;
        wait = Math.min(wait * 2, 30000);
      }
    }
    setTimeout(look, wait);
  }

  // What a button did is told once: a reload must not tell it again.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    here.searchParams.delete("number");
    history.replaceState(null, "", here);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wait = every; });
  setTimeout(look, every);
})();
