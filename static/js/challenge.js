// The proof of work of checkout/web/proof_of_work.py, done while the customer types: in slices, so
// that the page stays quick. A form that is sent before it is done waits for it.
(() => {
  const form = document.querySelector("[data-pay]");
  const token = form?.elements.challenge?.value;
  if (!token) return;
  const seed = token.slice(-22);
  const shift = 36 - token.split(".")[2]; // 32 - (bits - 4)
  const SLICE = 12; // milliseconds

  // Of the first 64 primes: the roots' first 32 fractional bits.
  const fraction = (number, root) => (number ** (1 / root) * 2 ** 32) | 0;
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const K = Int32Array.from(primes, (p) => fraction(p, 3));
  const START = primes.slice(0, 8).map((p) => fraction(p, 2));
  const w = new Int32Array(64);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));

  // The first 32 bits of the SHA-256 of a text of at most 55 ASCII characters.
  const hash = (text) => {
    w.fill(0, 0, 16);
    const length = text.length;
    for (let i = 0; i < length; i++) w[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
    w[length >> 2] |= 0x80 << (24 - 8 * (length & 3));
    w[15] = length * 8;
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15];
      const b = w[i - 2];
      w[i] =
        w[i - 16] + w[i - 7] +
        (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = START;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    return (START[0] + a) | 0;
  };

  const found = [];
  let number = 0;
  let waits = false;
  const { port1, port2 } = new MessageChannel(); // setTimeout is slow, slower still behind other tabs
  port1.onmessage = () => {
    const until = performance.now() + SLICE;
    do {
      if (hash(`${seed}.${found.length}.${number}`) >>> shift === 0) {
        found.push(number);
        number = -1;
      }
      number++;
    } while (found.length < 16 && performance.now() < until);
    if (found.length < 16) return port2.postMessage(0);
    port1.close();
    form.elements.proof.value = found.join(".");
    if (waits && form.classList.contains("busy")) form.submit();
  };
  port2.postMessage(0);

  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || found.length === 16) return;
    event.preventDefault();
    waits = true;
  });
})();
