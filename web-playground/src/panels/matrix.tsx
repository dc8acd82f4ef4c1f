import { portWords, type Connection, type End } from "./ends";

/** What is drawn, and the selected pair. */
export interface Choosing {
  ends: readonly End[];
  connections: readonly Connection[];
  chosen: { from: string; to: string } | null;
  choose: (pair: { from: string; to: string }) => void;
}

/** The connections as a table. */
export function Matrix({ ends, connections, chosen, choose }: Choosing) {
  const byPair = new Map(connections.map((connection) => [`${connection.from.id} ${connection.to.id}`, connection]));
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label="Allowed connections">
      <table class="matrix">
        <caption>
          <span>Rows connect to columns. Select a cell to see why.</span>
        </caption>
        <thead>
          <tr>
            <td />
            {ends.map((end) => (
              <th scope="col" key={end.id} title={end.label}>
                <span>{end.label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ends.map((from) => (
            <tr key={from.id}>
              <th scope="row" title={from.label}>
                {from.label}
              </th>
              {ends.map((to) => {
                if (from === to) return <td key={to.id} class="self" />;
                const connection = byPair.get(`${from.id} ${to.id}`);
                const words = connection === undefined ? "nothing" : portWords(connection.ports);
                const isChosen = chosen?.from === from.id && chosen.to === to.id;
                return (
                  <td key={to.id} class={connection === undefined ? "closed" : "open"}>
                    <button type="button" aria-pressed={isChosen} aria-label={`${from.label} to ${to.label}: ${words}`} onClick={() => choose({ from: from.id, to: to.id })}>
                      {connection === undefined ? "–" : words.length > 16 ? `${words.split(", ").length} ports` : words}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
