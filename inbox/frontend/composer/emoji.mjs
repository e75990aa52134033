// A small choice of emoji; the keyboard of the system has all of them.

export const EMOJI_COLUMNS = 8;
export const EMOJI = [
	..."😀😄😊🙂😉😍🥰😘",
	..."😂🤣😅😎🤔😮😢😭",
	..."😡😬🙄😴🥳🤩🤗🙏",
	..."👍👎👋👌👏💪🤝🙌",
	..."💛💙💚💜🖤🧡💔💯",
	..."🎉🎁🎂🌟🔥💡📌🔔",
	..."📦🚚🛒💳📷📞📧📅",
	..."✅❌❓❗🟢🟡🔴🚀",
];
