import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../examples", import.meta.url));
const NAME = "virtual:examples";
/** The example that a new visitor sees first. */
const FIRST = "shop";

/** Bundles the project's `examples/`: for each folder its manifests, its description and its questions. */
export function examples() {
  return {
    name: "examples",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const found = read();
      for (const file of found.flatMap((example) => example.paths)) this.addWatchFile(file);
      return `export const examples = ${JSON.stringify(found.map(({ paths, ...example }) => example))};`;
    },
  };
}

function read() {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, "questions.json"))) : [];
  names.sort((a, b) => Number(b === FIRST) - Number(a === FIRST) || (a < b ? -1 : 1));
  return names.map((name) => {
    const folder = join(FOLDER, name);
    const paths = below(folder);
    const manifests = paths.filter((path) => /\.ya?ml$/.test(path));
    const files = manifests.map((path) => ({ name: relative(folder, path).replaceAll(sep, "/"), text: readFileSync(path, "utf8") }));
    const { about = "", questions = [] } = JSON.parse(readFileSync(join(folder, "questions.json"), "utf8"));
    return { name, title: about, files, questions: questions.map(({ question }) => question), paths };
  });
}

function below(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? below(join(folder, entry.name)) : [join(folder, entry.name)]))
    .sort();
}
