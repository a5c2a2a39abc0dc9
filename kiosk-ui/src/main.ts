/** Starts the page. */

import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/layout.css';

const page = document.getElementById('page');
if (page === null) throw new Error('index.html holds no #page');
mount(App, { target: page });
