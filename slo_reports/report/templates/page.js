"use strict";
{
  const root = document.documentElement;
  const button = document.querySelector(".theme");
  const themes = ["auto", "light", "dark"];
  const apply = (theme) => {
    if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
    button.querySelector("span").textContent = theme;
  };
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* a file without storage */ } };
  let theme = root.dataset.theme || (themes.includes(kept()) ? kept() : "auto");
  button.hidden = false;
  apply(theme);
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    apply(theme);
    keep(theme);
  });

  const shown = (value, unit) => {
    if (value === null || value === undefined) return "\u2013";
    if (typeof value === "string") return value;
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    return value.toLocaleString("en-US", { maximumFractionDigits: digits }) + (unit ? "\u00a0" + unit : "");
  };
  const nearest = (places, share) => {
    let low = 0, high = places.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (places[middle] < share) low = middle; else high = middle;
    }
    return share - places[low] <= places[high] - share ? low : high;
  };
  for (const group of document.querySelectorAll("[data-hover]")) {
    const { xs, labels, plots } = JSON.parse(group.querySelector("script").textContent);
    const at = group.querySelector("output");
    const slider = group.querySelector("input[type=range]");
    const crosses = group.querySelectorAll(".cross");
    const cells = [...group.querySelectorAll("[data-value]")].map((cell) => {
      const [plot, place] = cell.dataset.value.split(":");
      return { cell, rest: cell.textContent, values: plots[plot].values[place], unit: plots[plot].unit };
    });
    const show = (index) => {
      at.textContent = labels[index];
      for (const { cell, values, unit } of cells) cell.textContent = shown(values[index], unit);
      for (const cross of crosses) {
        cross.setAttribute("x1", xs[index] * 100 + "%");
        cross.setAttribute("x2", xs[index] * 100 + "%");
        cross.classList.add("on");
      }
      if (slider) { slider.value = index; slider.setAttribute("aria-valuetext", labels[index]); }
    };
    const rest = () => {
      for (const { cell, rest } of cells) cell.textContent = rest;
      for (const cross of crosses) cross.classList.remove("on");
      if (!slider) at.textContent = "";
    };
    if (slider) {
      group.querySelector(".reading").hidden = false;
      slider.addEventListener("input", () => show(Number(slider.value)));
    }
    for (const plot of group.querySelectorAll(".field")) {
      const move = (event) => {
        const box = plot.firstElementChild.getBoundingClientRect();
        show(nearest(xs, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width))));
      };
      plot.addEventListener("pointermove", move);
      plot.addEventListener("pointerdown", move);
    }
    group.addEventListener("pointerleave", rest);
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
}
