import { Empty } from "../parts/text";

export function ComparePanel() {
  return <Empty title="Compare" />;
}
