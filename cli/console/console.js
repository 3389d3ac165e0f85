// Makes pages quicker. Everything works without it.
"use strict";

// A query is sent by Ctrl Enter, as in other editors.
for (const form of document.querySelectorAll("form[data-submit-on-ctrl-enter]")) {
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

// A generation that runs: its stage as it changes, and the page anew when it has ended.
const running = document.querySelector("[data-job]");
if (running) {
  const stage = running.querySelector("[data-stage]");
  let events;
  const again = () => {
    events.close();
    location.reload();
  };
  const listen = () => {
    events = new EventSource("/jobs/events");
    events.addEventListener("job", (event) => {
      const job = JSON.parse(event.data);
      if (job.jobId !== running.dataset.job) return;
      if (job.status !== "IN_PROGRESS") again();
      else if (stage && job.stage) stage.textContent = job.stage;
    });
    events.addEventListener("missed", again);
    // It may have ended before this began to listen.
    events.addEventListener("open", async () => {
      const page = await fetch(location.href);
      if (!(await page.text()).includes("data-job=")) again();
    });
  };
  // A browser keeps six connections to a server: pages that nobody sees leave theirs to others.
  const turn = () => (document.hidden ? events?.close() : listen());
  document.addEventListener("visibilitychange", turn);
  turn();
}

// Dates that are typed are meant; a span that is chosen takes them away.
for (const when of document.querySelectorAll("[data-when]")) {
  const exact = when.querySelector("input[value=exact]");
  when.addEventListener("input", ({ target }) => {
    if (target.type !== "radio") exact.checked = true;
    else if (target !== exact) for (const date of when.querySelectorAll("input:not([type=radio])")) date.value = "";
  });
}

// A long list, cut down to what is typed.
for (const input of document.querySelectorAll("input[data-filters]")) {
  const list = document.getElementById(input.dataset.filters);
  if (!list) continue;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const group of list.querySelectorAll("details")) {
      let found = 0;
      for (const item of group.querySelectorAll("li")) {
        item.hidden = !item.textContent.toLowerCase().includes(wanted);
        if (!item.hidden) found += 1;
      }
      group.hidden = found === 0;
      if (wanted) group.open = true;
    }
  });
}

// A policy that is edited: its lines are numbered, and what is to be said of it is asked for when
// the typing pauses.
for (const editor of document.querySelectorAll("textarea[data-findings]")) {
  const numbers = editor.parentElement.querySelector(".numbers");
  const said = document.getElementById(editor.getAttribute("aria-describedby"));
  let pause;
  let asked = 0;
  const ask = async () => {
    const number = ++asked;
    const body = new URLSearchParams({ document: editor.value, target: editor.dataset.target });
    const answer = await fetch(editor.dataset.findings, { method: "POST", body });
    // An answer that comes late is of another text.
    if (!answer.ok || number !== asked) return;
    const piece = new DOMParser().parseFromString(await answer.text(), "text/html");
    said.replaceChildren(...piece.body.childNodes);
  };
  editor.addEventListener("input", () => {
    const lines = editor.value.split("\n").length;
    editor.rows = lines + 1;
    numbers.textContent = Array.from({ length: lines }, (_, line) => `${line + 1}\n`).join("");
    clearTimeout(pause);
    pause = setTimeout(ask, 300);
  });
}
