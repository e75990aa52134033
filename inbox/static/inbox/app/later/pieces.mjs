// What an event shows beside its text. It came from Facebook: any of it may be missing or of another type.

const KINDS = { image: "Image", video: "Video", audio: "Audio", application: "File", text: "File" };

const object = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const text = (value) => (typeof value === "string" ? value : "");
const list = (value) => (Array.isArray(value) ? value : Array.isArray(object(value).data) ? value.data : []);

/** The address if it is one of the web: no `javascript:` comes from Facebook into a link. */
export function webAddress(value) {
  try {
    return ["http:", "https:"].includes(new URL(text(value)).protocol) ? text(value) : "";
  } catch {
    return "";
  }
}

/** [{kind, name, address}]; an attachment's address is ours, which leads to a fresh link of Facebook's. */
export function piecesOf(event, conversation) {
  const data = object(event.data);
  const pieces = list(event.attachments).map((item, at) => attachment(object(item), event, conversation, at));
  if (data.sticker) pieces.push({ kind: "Sticker", name: "", address: webAddress(data.sticker) });
  pieces.push(...list(data.shares).map((item) => share(object(item))));
  const story = Object.values(object(data.story)).map((part) => webAddress(object(part).link));
  if (story.length) pieces.push({ kind: "Story", name: "", address: story.find(Boolean) ?? "" });
  if (data.is_unsupported) pieces.push(silent("A kind of message that Facebook does not hand out"));
  return pieces.length || event.text ? pieces : [silent("Facebook shows nothing of this message")];
}

const silent = (kind) => ({ kind, name: "", address: "" });

function attachment(item, event, conversation, at) {
  if (item.generic_template) return card(object(item.generic_template));
  const part = object(item.video_data ?? item.image_data);
  const kind = KINDS[text(item.mime_type).split("/")[0]] ?? "Attachment";
  const address = `/api/conversations/${conversation}/events/${event.id}/attachments/${at}`;
  const hasFile = [part.url, item.file_url].some(webAddress);
  return { kind, name: text(item.name), address: hasFile ? address : "" };
}

function card(item) {
  const words = [text(item.title), text(item.subtitle)].filter(Boolean).join(": ");
  return { kind: "Card", name: words, address: webAddress(object(item.cta).url) };
}

function share(item) {
  const words = [text(item.name), text(item.description)].filter(Boolean).join(": ");
  return { kind: "Link", name: words || text(item.link), address: webAddress(item.link) };
}

export function reactionsOf(event) {
  return list(object(event.data).reactions).map((item) => text(object(item).reaction)).filter(Boolean).join(" ");
}
