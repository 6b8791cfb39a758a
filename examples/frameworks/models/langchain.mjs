import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage } from "@langchain/core/messages";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";

/** A message in which the model makes calls: `[id, name, args]` each. */
export function toolCalls(...calls) {
  return new AIMessage({
    content: "",
    tool_calls: calls.map(([id, name, args]) => ({ type: "tool_call", id, name, args })),
  });
}

/** A chat model that follows a script of messages, and keeps what was bound to it. */
export class ScriptedModel extends BaseChatModel {
  bound = [];
  #messages;

  constructor(messages) {
    super({});
    this.#messages = [...messages];
  }

  _llmType() {
    return "scripted";
  }

  bindTools(tools) {
    this.bound = tools.map((tool) => convertToOpenAITool(tool));
    return this;
  }

  async _generate() {
    const message = this.#messages.shift();
    return { generations: [{ text: message.text, message }] };
  }
}
