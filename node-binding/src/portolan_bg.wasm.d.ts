/** The engine's file as a bundler hands it on: its address, its bytes, or what it is compiled to. `init()` takes it as it is. */
declare const module: string & ArrayBufferView;
export default module;
