// Shows the OpenAPI document. Everything from the document becomes text, never markup.
"use strict";

const methods = ["get", "post", "put", "patch", "delete"];

// element makes an element with attributes and children; children that are strings become text.
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const code = (text) => element("code", null, String(text));

// unfolding makes a part that is filled in when it is first opened: schemas may contain themselves.
function unfolding(summary, fill) {
  const part = element("details", null, element("summary", null, ...summary));
  part.addEventListener("toggle", () => part.append(...fill()), { once: true });
  return part;
}

function typeOf(schema) {
  const type = [schema.type ?? []].flat().join(" or ") || (schema.properties ? "object" : "any");
  return schema.format ? `${type} (${schema.format})` : type;
}

const limits = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "default"];

// constraints words what a value must keep to.
function constraints(schema) {
  const said = limits.filter((name) => schema[name] !== undefined).map((name) => `${name} ${schema[name]}`);
  if (schema.enum) said.push(`one of ${schema.enum.join(", ")}`);
  return said.join("; ");
}

// reader shows the schemas of one document.
function reader(api) {
  const resolve = (schema) => {
    const name = schema.$ref?.split("/").pop();
    return name ? { name, schema: api.components?.schemas?.[name] ?? {} } : { name: "", schema };
  };

  // row shows one value: its name, type, limits and meaning, and what is inside it.
  function row(label, given, required) {
    const { name, schema } = resolve(given);
    const line = [
      label ? code(label) : null, label ? " " : null,
      element("span", { class: "type" }, name ? `${name}, ${typeOf(schema)}` : typeOf(schema)),
      required ? element("strong", null, " required") : null,
    ];
    const more = [constraints(schema), given.description ?? schema.description].filter(Boolean).join(". ");
    if (more) line.push(" – ", more);
    const inside = contents(schema);
    return element("li", null, inside ? unfolding(line, inside) : element("span", null, ...line.filter(Boolean)));
  }

  // contents returns what makes the rows inside a schema, or nothing if it has no inside.
  function contents(schema) {
    const rows = [
      ...Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, inner, schema.required?.includes(name)]),
      ...(schema.items ? [["each", schema.items, false]] : []),
      ...(typeof schema.additionalProperties === "object" ? [["any other name", schema.additionalProperties, false]] : []),
      ...["oneOf", "anyOf", "allOf"].flatMap((kind) => (schema[kind] ?? []).map((inner) => [kind, inner, false])),
    ];
    return rows.length ? () => [element("ul", { class: "schema" }, ...rows.map((one) => row(...one)))] : null;
  }

  const media = (content) => Object.entries(content ?? {}).map(([type, { schema }]) =>
    element("div", null, code(type), schema ? element("ul", { class: "schema" }, row("", schema, false)) : null));

  function parameters(list) {
    if (!list?.length) return null;
    const head = element("thead", null, element("tr", null,
      ...["Name", "Where", "Type", "Meaning"].map((title) => element("th", { scope: "col" }, title))));
    const rows = list.map((one) => element("tr", null,
      element("th", { scope: "row" }, code(one.name), one.required ? " required" : ""),
      element("td", null, one.in),
      element("td", null, typeOf(one.schema ?? {})),
      element("td", null, [one.description, constraints(one.schema ?? {})].filter(Boolean).join(". "))));
    return element("table", null, element("caption", null, "Parameters"), head, element("tbody", null, ...rows));
  }

  function answers(responses) {
    return Object.entries(responses ?? {}).map(([status, answer]) => {
      const headers = Object.entries(answer.headers ?? {}).map(([name, { schema, description }]) =>
        row(name, { ...schema, description: description ?? schema?.description }, false));
      return unfolding([code(status), ` ${answer.description ?? ""}`], () => [
        ...(headers.length ? [element("h4", null, "Headers"), element("ul", { class: "schema" }, ...headers)] : []),
        ...media(answer.content),
      ]);
    });
  }

  return function operation(path, method, one) {
    const shown = unfolding(
      [element("span", { class: "method" }, method.toUpperCase()), " ", code(path), " ", one.summary ?? ""],
      () => [
        one.description ? element("p", null, one.description) : null,
        parameters(one.parameters),
        ...(one.requestBody ? [element("h3", null, "Body"), ...media(one.requestBody.content)] : []),
        element("h3", null, "Answers"), ...answers(one.responses),
      ].filter(Boolean));
    shown.id = one.operationId ?? `${method}-${path}`;
    shown.dataset.words = `${method} ${path} ${one.summary ?? ""}`.toLowerCase();
    return shown;
  };
}

// grouped lists the operations by tag, in the order of the document.
function grouped(api) {
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths ?? {})) {
    for (const method of methods.filter((name) => item[name])) {
      const tag = item[method].tags?.[0] ?? "Other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([path, method, item[method]]);
    }
  }
  return groups;
}

function show(api) {
  const operation = reader(api);
  const byId = (id) => document.getElementById(id);
  byId("title").textContent = `${api.info?.title ?? "API"} ${api.info?.version ?? ""}`;
  byId("about").textContent = api.info?.description ?? "";
  let count = 0;
  for (const [tag, operations] of grouped(api)) {
    const id = `group-${tag.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`;
    byId("groups").append(element("li", null, element("a", { href: `#${id}` }, tag)));
    byId("operations").append(element("section", { "aria-labelledby": id },
      element("h2", { id }, tag), ...operations.map((one) => operation(...one))));
    count += operations.length;
  }
  const state = byId("state");
  state.textContent = `${count} operations.`;
  byId("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let left = 0;
    for (const section of document.querySelectorAll("main > section")) {
      const shown = [...section.querySelectorAll(":scope > details")].filter((one) => {
        one.hidden = !one.dataset.words.includes(wanted);
        return !one.hidden;
      });
      section.hidden = shown.length === 0;
      left += shown.length;
    }
    state.textContent = wanted ? `${left} of ${count} operations.` : `${count} operations.`;
  });
  const chosen = location.hash ? byId(decodeURIComponent(location.hash.slice(1))) : null;
  if (chosen) {
    chosen.open = true;
    chosen.scrollIntoView();
  }
}

fetch("/api/openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
  .then(show)
  .catch((cause) => {
    document.getElementById("state").textContent = `The document could not be read (${cause.message}).`;
  });
