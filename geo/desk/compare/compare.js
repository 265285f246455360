(() => {
'use strict';
// Without this script the two maps stand side by side.
const swipe = document.querySelector('.swipe');
const slider = swipe.querySelector('input');
const show = () => swipe.style.setProperty('--at', `${slider.value}%`);
slider.addEventListener('input', show);
swipe.classList.add('on');
show();
})();
