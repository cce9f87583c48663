// The page that the browser test drives: the documented form and every function of the documented hook.
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { CustomerDataForm } from './components/CustomerDataForm';
import { useCustomerData } from './hooks/useCustomerData';

function App({ customerId }: { customerId: number }) {
  const hook = useCustomerData(customerId);
  useEffect(() => {
    hook.fetchData();
  }, [hook.fetchData]);
  // The driver calls the functions that have no control of their own in the document.
  (window as any).hook = hook;

  return (
    <main>
      <CustomerDataForm customerId={customerId} onSuccess={hook.fetchData} />
      <ul aria-busy={hook.loading}>
        {hook.data.map((item) => (
          <li key={item.id} data-key={item.key}>
            <b>{item.key}</b>: <span>{item.value}</span>{' '}
            {item.file_url && <a href={item.file_url}>{item.file_name}</a>}
            {item.file_name?.endsWith('.png') && <img src={item.file_url!} alt={item.key} />}
            <input
              type="file"
              aria-label={`replace ${item.key}`}
              onChange={(e) => e.target.files && hook.updateData(item.id, { file: e.target.files[0] })}
            />
            <button onClick={() => hook.updateData(item.id, { remove_file: true })}>Remove file</button>
            <button onClick={() => hook.deleteData(item.id)}>Delete</button>
          </li>
        ))}
      </ul>
    </main>
  );
}

const customerId = Number(new URLSearchParams(location.search).get('customer'));
createRoot(document.getElementById('root')!).render(<App customerId={customerId} />);
