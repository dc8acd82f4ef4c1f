import { computed } from "@preact/signals";
import { useRef } from "preact/hooks";
import { examples } from "virtual:examples";
import { asked } from "./asked";
import { save } from "./intake";
import { Icon, type IconName } from "./parts/icons";
import { withoutSecretValues } from "./secrets";
import { pack } from "./share";
import { showExample } from "./start";
import { theme, type Theme } from "./theme";
import { files, notice, panel, withSecrets } from "./workspace";

/** The bar at the top. */
export function Header() {
  return (
    <header class="header">
      <div class="brand">
        <img src="./icon.svg" alt="" width="30" height="30" />
        <h1>Portolan</h1>
        <p class="tagline">What will my cluster do with this?</p>
      </div>
      <nav class="actions" aria-label="Page">
        <Examples />
        <button type="button" class="button" onClick={share}>
          <Icon name="share" /> <span class="wide">Share</span>
          <span class="narrow-spoken">Share</span>
        </button>
        {holdsSecrets.value && (
          <label class="secrets" title="Share links and this browser's storage carry the values of Secrets too">
            <input type="checkbox" checked={withSecrets.value} onChange={(event) => (withSecrets.value = event.currentTarget.checked)} /> with Secret values
          </label>
        )}
        <button type="button" class="button" title={files.value.length > 1 ? "All files as one archive" : "The file"} onClick={() => save(files.value)}>
          <Icon name="download" /> <span class="wide">Download</span>
          <span class="narrow-spoken">Download</span>
        </button>
        <ThemeSwitch />
      </nav>
    </header>
  );
}

function Examples() {
  const menu = useRef<HTMLDivElement>(null);
  return (
    <>
      <button type="button" class="button" popovertarget="examples-menu">
        <Icon name="book" /> <span class="wide">Examples</span>
        <span class="narrow-spoken">Examples</span>
        <Icon name="chevron" size={14} />
      </button>
      <div id="examples-menu" class="menu" popover="auto" ref={menu} role="group" aria-label="Examples">
        {examples.map((example) => (
          <button
            key={example.name}
            type="button"
            class="menu-item"
            onClick={() => {
              showExample(example.name);
              menu.current?.hidePopover();
            }}
          >
            <span class="menu-name">{titleOf(example.name)}</span>
            {example.title !== "" && <span class="menu-about">{example.title}</span>}
          </button>
        ))}
      </div>
    </>
  );
}

/** A title made from the name of an example's folder. */
function titleOf(folder: string): string {
  return folder.replaceAll("-", " ").replaceAll(/\b(ip|tls|dns)\b/g, (word) => word.toUpperCase());
}

/** Whether a file may have a Secret. */
const holdsSecrets = computed(() => files.value.some((file) => /\bSecret\b/.test(file.text)));

/** Chats and mail programs cut longer links. */
const LONG = 8_000;
/** Not every browser accepts a longer link (Chromium's limit is 2 MB, Firefox's 1 MB). */
const TOO_LONG = 1_000_000;

async function share(): Promise<void> {
  const without = withSecrets.value ? { files: [...files.value], count: 0 } : withoutSecretValues(files.value);
  const fragment = await pack({ files: without.files, panel: panel.value, asked: asked.value });
  const size = `${Math.ceil((location.href.length + fragment.length) / 1000).toLocaleString("en")},000 characters`;
  if (fragment.length > TOO_LONG) {
    notice.value = { text: `These files are too large for a link: it would have ${size}. Download them and send the archive.`, bad: true };
    return;
  }
  history.replaceState(null, "", fragment);
  const left = without.count === 0 ? "" : ` Without ${without.count === 1 ? "the value" : `${without.count.toLocaleString("en")} values`} of Secrets.`;
  const caution = fragment.length > LONG ? ` It is long, ${size}: where it gets cut, download the files and send those.` : "";
  try {
    await navigator.clipboard.writeText(location.href);
    notice.value = { text: `Link copied. The files are in the link itself.${left}${caution}`, bad: false };
  } catch {
    notice.value = { text: `The link is in the address bar. The files are in the link itself.${left}${caution}`, bad: false };
  }
}

const THEMES: readonly { id: Theme; icon: IconName; name: string }[] = [
  { id: "system", icon: "half", name: "as the system has it" },
  { id: "light", icon: "sun", name: "light" },
  { id: "dark", icon: "moon", name: "dark" },
];

function ThemeSwitch() {
  const index = THEMES.findIndex((known) => known.id === theme.value);
  const now = THEMES[index] ?? THEMES[0];
  const next = THEMES[(index + 1) % THEMES.length];
  if (now === undefined || next === undefined) return null;
  return (
    <button type="button" class="button icon-only" aria-label={`Colours: ${now.name}. Change to ${next.name}`} title={`Colours: ${now.name}`} onClick={() => (theme.value = next.id)}>
      <Icon name={now.icon} />
    </button>
  );
}
