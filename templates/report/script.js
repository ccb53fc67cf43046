"use strict";
(() => {
  const findings = Array.from(document.querySelectorAll("article.finding"));
  const status = document.getElementById("status");

  // Copies the text of an element; where the clipboard is closed, the text is selected instead.
  async function copy(button) {
    const source = document.getElementById(button.dataset.copies);
    const label = button.firstChild;
    try {
      await navigator.clipboard.writeText(source.textContent);
      label.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      label.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C to copy";
    }
    setTimeout(() => { label.textContent = "Copy"; }, 2500);
  }

  for (const button of document.querySelectorAll("button.copy")) {
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", () => copy(button));
  }

  function open(all, is_open) {
    for (const finding of all) {
      finding.querySelector("details").open = is_open;
    }
  }

  // Shows the findings that hold every word.
  function filter(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const finding of findings) {
      const name = finding.querySelector("summary").textContent.toLowerCase();
      finding.hidden = !words.every((word) => name.includes(word));
      shown += finding.hidden ? 0 : 1;
    }
    for (const group of document.querySelectorAll(".group")) {
      const inside = group.querySelectorAll("article.finding");
      group.classList.toggle("filtered", inside.length !== 0 ? !group.querySelector("article.finding:not([hidden])") : false);
    }
    status.textContent = words.length === 0 ? "" : `${shown} of ${findings.length} findings`;
  }

  const tools = document.getElementById("tools");
  if (tools !== null) {
    tools.hidden = false;
    const input = document.getElementById("filter");
    input.addEventListener("input", () => filter(input.value));
    const visible = () => findings.filter((finding) => !finding.hidden);
    document.getElementById("open-all").addEventListener("click", () => open(visible(), true));
    document.getElementById("close-all").addEventListener("click", () => open(visible(), false));
  }

  // A link to a finding opens it.
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (target !== null) {
      open(findings.filter((finding) => finding === target), true);
    }
  }
  addEventListener("hashchange", follow);
  follow();

  // Paper cannot be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => {
    closed.forEach((details) => { details.open = false; });
  });
})();
