// What the button does that only a script can.

document.getElementById('print').addEventListener('click', () => print());
