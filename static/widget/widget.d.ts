// Types of checkout's widget (widget.js). In a project: download it beside your own types, or
// declare the same names.

/** How the payment stands when the modal is closed; null: closed before anything was begun. */
export type WidgetStatus = "successful" | "failed" | "pending" | "redirected" | "error" | null;

/** The words of the API; "redirected": the customer leaves the page for the bank. */
export type PaymentStatus =
  | "incomplete"
  | "pending"
  | "successful"
  | "failed"
  | "canceled"
  | "expired"
  | "refunded"
  | "redirected";

export interface WidgetParameters {
  /** Where checkout is; without it, where the script came from. */
  checkout_url?: string;
  /** Of `POST /ctp/api/checkouts`. */
  token?: string;
  /** As in the existing widget; of it the token is read. */
  checkout?: { token?: string; [name: string]: unknown };
  /**
   * Called when the modal is closed, and with "redirected" before the customer leaves the page.
   * Where the payment is over the page goes on to the order's return address; `false` stays.
   */
  closeWidget?: (status: WidgetStatus) => unknown;
  /** In a window of its own instead of a modal; from a click, or the browser won't open one. */
  popup?: boolean;
  [name: string]: unknown;
}

/** Of pages that were written for the script before (begateway-1-latest.min.js). */
export interface FormParameters {
  /** In the element `id`, or as a modal by a click on it. */
  type: "inline" | "overlay";
  id: string;
  /** `redirect_url` of `POST /ctp/api/checkouts`. */
  url: string;
  /** Pixels: how wide at most; as high as the content. */
  size?: { width?: number; [name: string]: unknown };
  /** CSS; let be. */
  style?: string;
  [name: string]: unknown;
}

/** What the frame says of itself. */
export interface FrameMessage {
  source: "checkout";
  event: "ready" | "resize" | "status" | "look" | "logo" | "close";
  /** The payment's. */
  uid: string;
  status: PaymentStatus;
  /** Of the content, in pixels. */
  height: number;
  /** An attempt is under way: the customer may have paid. */
  live: boolean;
  /** The customer has typed something that closing would lose. */
  typed: boolean;
  /** The bank's page comes next, into this frame: it tells no height. */
  bank: boolean;
  /** Where the order says to go on to, once the payment is over. */
  url?: string;
  /** The page's own `color-scheme`. */
  scheme?: string;
  /** Of "close": by Escape, which may be a slip. */
  escape?: true;
}

/** With "ready": whom, for what, how much, as the page says it; a frame's alone. */
export interface ReadyMessage extends FrameMessage {
  shop?: string;
  order?: string;
  amount?: string;
  dir: "ltr" | "rtl";
  /** In the page's language: close, stay, what closing loses. */
  words?: [string, string, string];
}

/** With "look": how far down in the page, in pixels, there is something to see. */
export interface LookMessage extends FrameMessage {
  top: number;
}

export interface FrameEvents {
  ready: CustomEvent<ReadyMessage>;
  look: CustomEvent<LookMessage>;
  resize: CustomEvent<FrameMessage>;
  status: CustomEvent<FrameMessage>;
  /** `preventDefault()` stays on the page; else it goes on to `detail.url`, where there is one. */
  close: CustomEvent<FrameMessage>;
  /** The page can't be shown: a link to it stands in its place. */
  error: CustomEvent<{ event: "error" }>;
}

declare global {
  class BeGateway {
    constructor(parameters: WidgetParameters | FormParameters);
    /** Opens the modal; while one is open, does nothing. */
    createWidget(): void;
    /** There with begateway-1-latest.min.js alone. */
    buildForm?: () => false;
    /** Closes it as the customer would; there once it is open. */
    close?: () => void;
  }

  interface CheckoutFrame extends HTMLElement {
    addEventListener<K extends keyof FrameEvents>(
      type: K,
      listener: (this: CheckoutFrame, event: FrameEvents[K]) => unknown,
      options?: boolean | AddEventListenerOptions,
    ): void;
    addEventListener(
      type: string,
      listener: EventListenerOrEventListenerObject,
      options?: boolean | AddEventListenerOptions,
    ): void;
  }

  interface HTMLElementTagNameMap {
    "checkout-frame": CheckoutFrame;
  }
}
