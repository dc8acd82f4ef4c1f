import type { Finding } from "portolan";
import { mend } from "../editor/editor";

/** A button that applies the fix of a finding, if it has one. */
export function Fix({ finding }: { finding: Finding }) {
  if (finding.fix === undefined || finding.fix.length === 0) return null;
  return (
    <button type="button" class="button small" aria-label={`Fix: ${finding.message}`} onClick={() => mend(finding)}>
      Fix
    </button>
  );
}
