// Lists the attachments of a message. The data is from Facebook: any part may be missing or have another type.

const KINDS = { image: "Image", video: "Video", audio: "Audio", application: "File", text: "File" };

const asObject = (value) => (value && typeof value === "object" && !Array.isArray(value) ? value : {});
const asText = (value) => (typeof value === "string" ? value : "");

function asList(value) {
  if (Array.isArray(value)) return value;
  const { data } = asObject(value);
  return Array.isArray(data) ? data : [];
}

/** The value if it is an HTTP address, else "": no `javascript:` address from Facebook becomes a link. */
export function webUrl(value) {
  try {
    return ["http:", "https:"].includes(new URL(asText(value)).protocol) ? asText(value) : "";
  } catch {
    return "";
  }
}

/** [{kind, name, url}]. The URL of a file is a REST route, which redirects to a current link of Facebook. */
export function attachmentsOf(event, conversationId) {
  const data = asObject(event.data);
  const result = asList(event.attachments).map((item, index) =>
    fileOrCard(asObject(item), event, conversationId, index),
  );
  if (data.sticker) result.push({ kind: "Sticker", name: "", url: webUrl(data.sticker) });
  result.push(...asList(data.shares).map((item) => sharedLink(asObject(item))));
  const stories = Object.values(asObject(data.story)).map((part) => webUrl(asObject(part).link));
  if (stories.length) result.push({ kind: "Story", name: "", url: stories.find(Boolean) ?? "" });
  if (data.is_unsupported) result.push(withoutLink("Facebook doesn't provide this type of message"));
  return result.length || event.text
    ? result
    : [withoutLink("Facebook provides no content for this message")];
}

const withoutLink = (kind) => ({ kind, name: "", url: "" });

function fileOrCard(item, event, conversationId, index) {
  if (item.generic_template) return card(asObject(item.generic_template));
  const media = asObject(item.video_data ?? item.image_data);
  const kind = KINDS[asText(item.mime_type).split("/")[0]] ?? "Attachment";
  const url = `/api/conversations/${conversationId}/events/${event.id}/attachments/${index}`;
  const hasFile = [media.url, item.file_url].some(webUrl);
  return { kind, name: asText(item.name), url: hasFile ? url : "" };
}

function card(item) {
  const name = [asText(item.title), asText(item.subtitle)].filter(Boolean).join(": ");
  return { kind: "Card", name, url: webUrl(asObject(item.cta).url) };
}

function sharedLink(item) {
  const name = [asText(item.name), asText(item.description)].filter(Boolean).join(": ");
  return { kind: "Link", name: name || asText(item.link), url: webUrl(item.link) };
}

export function reactionsOf(event) {
  const reactions = asList(asObject(event.data).reactions).map((item) => asText(asObject(item).reaction));
  return reactions.filter(Boolean).join(" ");
}
