/** A file's name. If there is little room, its folders are shortened first. */
export function FileName({ name }: { name: string }) {
  const behind = name.lastIndexOf("/") + 1;
  if (behind === 0) return <span class="file-name">{name}</span>;
  return (
    <>
      <span class="file-folder">{name.slice(0, behind)}</span>
      <span class="file-name">{name.slice(behind)}</span>
    </>
  );
}
